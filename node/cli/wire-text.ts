/**
 * How floats cross the cuts of a plan, for people.
 *
 * @module
 */

import type { PlanView } from '../api/schemas/plan.ts'

/** The type, or both where cuts differ, and why it was chosen. */
export function wireText({ wire, wireWhy }: Pick<PlanView, 'wire' | 'wireWhy'>): string {
  const types = wire === 'mixed' ? 'f32 and f16' : wire
  return wireWhy === undefined ? `wire ${types}` : `wire ${types} (${wireWhy})`
}
