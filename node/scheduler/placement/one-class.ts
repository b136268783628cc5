/**
 * Plans of devices that compute the same bits, so that each may take over from any other.
 *
 * A stage of a text is replaced only by a device of the class that it was begun in, or what the text says
 * is no longer exact. With one class for all stages, whoever is of it can stand in for any of them.
 *
 * @module
 */

import { PlacementError } from './errors.ts'
import type { PlacementCandidate, PlacementRequest, Plan } from './plan.ts'
import { solvePlacement } from './solve.ts'

/** Part of its rate that a plan may give up for one class: about what speeds stray by from text to text. */
const GIVEN_UP_SHARE = 0.25

/** Classes that are tried: a mesh of more has hardly anybody to spare in each. */
const CLASSES_MAX = 4

export interface ClassedPlan {
  readonly plan: Plan
  /** With the class of the plan where it keeps to one. */
  readonly request: PlacementRequest
}

/**
 * The best plan within one numeric class that is known, unless it is much slower than the best of all.
 *
 * @param begun - The class that the text was begun in: it is kept to however slow that is, where it can be.
 * @throws {PlacementError} as {@link solvePlacement}.
 */
export function solveOneClass(request: PlacementRequest, begun?: string): ClassedPlan {
  const same = begun === undefined ? undefined : within(request, begun)
  if (same !== undefined) return same
  const any = { request, plan: solvePlacement(request) }
  const only = classOfAll(any)
  if (only !== undefined) return { plan: any.plan, request: { ...request, numericClass: only } }
  const classed = classesOf(request.candidates).flatMap((each) => within(request, each) ?? [])
  const cost = ({ plan }: ClassedPlan): number =>
    request.objective === 'latency' ? plan.predictedLatencyMs : 1 / plan.predictedPerS
  const [best] = classed.toSorted((a, b) => cost(a) - cost(b))
  if (best === undefined || cost(best) * (1 - GIVEN_UP_SHARE) > cost(any)) return any
  return best
}

/** Undefined where those of the class cannot hold the model. */
function within(request: PlacementRequest, numericClass: string): ClassedPlan | undefined {
  const classed = { ...request, numericClass }
  try {
    return { request: classed, plan: solvePlacement(classed) }
  } catch (error) {
    if (!(error instanceof PlacementError)) throw error
    return undefined
  }
}

/** The class of all devices of a plan; undefined when there are several, or one is not known. */
function classOfAll({ plan, request }: ClassedPlan): string | undefined {
  const byPeer = new Map(request.candidates.map(({ peer, numericClass }) => [peer, numericClass]))
  const classes = new Set(plan.replicas.flat().map(({ peer }) => byPeer.get(peer)))
  return classes.size === 1 ? [...classes][0] : undefined
}

/** Those that are known, the one that can do most first. */
function classesOf(candidates: readonly PlacementCandidate[]): readonly string[] {
  const speeds = new Map<string, number>()
  for (const { numericClass, gflopsPerS, level } of candidates) {
    if (numericClass === undefined) continue
    speeds.set(numericClass, (speeds.get(numericClass) ?? 0) + gflopsPerS * level)
  }
  const sorted = [...speeds].toSorted(([, a], [, b]) => b - a)
  return sorted.slice(0, CLASSES_MAX).map(([numericClass]) => numericClass)
}
