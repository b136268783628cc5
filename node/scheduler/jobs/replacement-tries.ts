/**
 * In which order devices are asked to take over a stage.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { PlacementCandidate, PlanStage } from '../placement/plan.ts'

/** A stage that somebody is to take over, or to stand by for. */
export interface LostPlace {
  /** All stages, on the devices that hold them now. */
  readonly stages: readonly PlanStage[]
  readonly stageIndex: number
  /** Who may not be chosen. */
  readonly excluded: readonly PeerId[]
  /** Of those, who may after all when nobody else is left. */
  readonly again: readonly PeerId[]
  /** False where nobody is better than one who is known to compute in another numeric class. Default true. */
  readonly anyClass?: boolean
  /** Who turned out to compute the stage in another class than it was begun in. */
  readonly ofOtherClass?: readonly PeerId[]
}

export interface ReplacementPool {
  /** All devices, with what memory for texts they have left. */
  readonly free: readonly PlacementCandidate[]
  /** The same without a word of that: a text may wait. */
  readonly all: readonly PlacementCandidate[]
  /** Numeric class of the stage's holder; undefined where it does not count or is not known. */
  readonly holderClass: string | undefined
}

export interface ReplacementTry {
  readonly candidates: readonly PlacementCandidate[]
  readonly excluded: readonly PeerId[]
}

/** @param lost - With those who are asked last as stages of this model were lost by them. */
export function replacementTries(
  { free, all, holderClass }: ReplacementPool,
  lost: LostPlace & { readonly bad: readonly PeerId[] },
): readonly ReplacementTry[] {
  const { excluded, bad } = lost
  const fresh: readonly ReplacementTry[] = [
    { candidates: free, excluded: [...excluded, ...bad] },
    { candidates: all, excluded },
  ]
  const again = { candidates: all, excluded: excluded.filter((peer) => !lost.again.includes(peer)) }
  const wrong = new Set(
    all.flatMap(({ peer, numericClass }) =>
      lost.ofOtherClass?.includes(peer) ? numericClass : [],
    ),
  )
  const wanted = holderClass === undefined || wrong.has(holderClass) ? undefined : holderClass
  const isWanted = ({ numericClass }: PlacementCandidate): boolean =>
    wanted !== undefined && numericClass === wanted
  const mayBe = ({ numericClass }: PlacementCandidate): boolean =>
    numericClass === undefined ||
    (wanted === undefined ? !wrong.has(numericClass) : numericClass === wanted)
  return [
    ...fresh.map((one) => only(one, isWanted)),
    ...fresh.map((one) => only(one, mayBe)),
    only(again, mayBe),
    ...(lost.anyClass === false ? [] : [...fresh, again]),
  ]
}

/** The others stay among the candidates: stages that they hold cost what they cost. */
function only(
  { candidates, excluded }: ReplacementTry,
  fits: (candidate: PlacementCandidate) => boolean,
): ReplacementTry {
  const unfit = candidates.filter((candidate) => !fits(candidate))
  return { candidates, excluded: [...excluded, ...unfit.map(({ peer }) => peer)] }
}
