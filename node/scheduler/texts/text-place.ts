/**
 * Where one more text is written: at the best place, or away from devices that have enough to do.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import type { PlanWish } from '../jobs/plan-wish.ts'
import type { Planned, Planner } from '../jobs/planner.ts'
import { PlacementError } from '../placement/errors.ts'

/** How many times slower a free place may be: about what a turn costs behind texts that are run together. */
const SLOWER_MAX = 4

export interface TextPlacing {
  readonly model: CatalogueModel
  readonly wish: PlanWish
  /** Layers before which the text was cut so far, where it is taken up again: elsewhere it would say other things. */
  readonly cuts: readonly number[] | undefined
  /** Devices that run as many texts as they can together. */
  readonly full: ReadonlySet<PeerId>
}

/** @throws {PlacementError} when there is no place for the model. */
export function placeText(
  planner: Pick<Planner, 'plan'>,
  { model, wish, full, cuts }: TextPlacing,
): { readonly planned: Planned; readonly isDetour: boolean } {
  const asBefore =
    cuts === undefined
      ? undefined
      : planOrNone(planner, model, { ...wish, cuts, stages: cuts.length + 1 })
  if (asBefore !== undefined) return { planned: asBefore, isDetour: true }
  const planned = planner.plan(model, wish)
  const { stages, predictedLatencyMs } = planned.plan
  if (!stages.some(({ peer }) => full.has(peer))) return { planned, isDetour: false }
  const avoid = new Map([...full].map((peer) => [peer, 'it has enough to do']))
  const other = planOrNone(planner, model, { ...wish, avoid })
  const isDetour =
    other !== undefined && other.plan.predictedLatencyMs <= SLOWER_MAX * predictedLatencyMs
  return { planned: isDetour ? other : planned, isDetour }
}

function planOrNone(
  planner: Pick<Planner, 'plan'>,
  model: CatalogueModel,
  wish: PlanWish,
): Planned | undefined {
  try {
    return planner.plan(model, wish)
  } catch (error) {
    if (error instanceof PlacementError) return undefined
    throw error
  }
}
