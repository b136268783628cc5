/**
 * How floats cross the cuts of a plan, for people.
 *
 * @module
 */

import type { PlanView } from '../api/schemas/plan.ts'

/** The type, and why it was chosen. */
export function wireText({ wire, wireWhy }: Pick<PlanView, 'wire' | 'wireWhy'>): string {
  return wireWhy === undefined ? `wire ${wire}` : `wire ${wire} (${wireWhy})`
}
