/**
 * Many caps in, one level a resource out: the lowest cap wins, and each keeps its reason.
 *
 * @module
 */

import { type Levels, type Resource, RESOURCES } from '../levels.ts'
import type { Reason } from '../reasons.ts'
import type { Cap } from '../rules/rule.ts'

/** Since when each code has capped each resource, by `code/resource`. */
export type Beginnings = ReadonlyMap<string, number>

/** The lowest cap of each resource. */
export function lowestCaps(caps: readonly Cap[]): Record<Resource, number> {
  const levels = { cpu: 1, gpu: 1, memory: 1, network: 1, lease: 1 }
  for (const { resource, cap } of caps) levels[resource] = Math.min(levels[resource], cap)
  return levels
}

/** `caps` below 1 as reasons, the lowest first, each code once a resource. */
export function reasonsOf(
  caps: readonly Cap[],
  before: Beginnings,
  nowMs: number,
): { readonly reasons: readonly Reason[]; readonly beginnings: Beginnings } {
  const beginnings = new Map<string, number>()
  const reasons: Reason[] = []
  const inOrder = caps.filter(({ cap }) => cap < 1).toSorted(byCap)
  for (const cap of inOrder) {
    const key = keyOf(cap)
    if (beginnings.has(key)) continue
    const sinceMs = before.get(key) ?? nowMs
    beginnings.set(key, sinceMs)
    reasons.push({ ...cap, sinceMs })
  }
  return { reasons, beginnings }
}

function keyOf({ code, resource, after, signal }: Cap): string {
  return `${code} ${resource} ${after ?? ''} ${signal ?? ''}`
}

/** The same order whichever order the rules were asked in. */
function byCap(a: Cap, b: Cap): number {
  return (
    a.cap - b.cap ||
    RESOURCES.indexOf(a.resource) - RESOURCES.indexOf(b.resource) ||
    (keyOf(a) < keyOf(b) ? -1 : 1)
  )
}

export interface RampTick {
  readonly elapsedMs: number
  readonly rampMs: number
}

/** Where a level begins at once; the rest of it comes over the ramp. */
const RAMP_FROM = 0.25

/** Levels of processor and GPU that rise slowly and fall at once. */
export function ramped(before: Levels, wanted: Levels, { elapsedMs, rampMs }: RampTick): Levels {
  const most = (level: number): number =>
    rampMs === 0 ? 1 : Math.max(RAMP_FROM, level + ((1 - RAMP_FROM) * elapsedMs) / rampMs)
  return {
    ...wanted,
    cpu: Math.min(wanted.cpu, most(before.cpu)),
    gpu: Math.min(wanted.gpu, most(before.gpu)),
  }
}
