/**
 * Once nothing is lost any more and enough seats are there, every one of them decides within a few rounds.
 *
 * @module
 */

import { quorumOf } from '../../protocols/epoch/index.ts'
import type { EpochChecker } from '../epoch-scenario.ts'

/** Rounds beyond one turn of everybody who does not propose well. */
const ROUNDS_TO_SPARE = 4

export const epochIsDecided: EpochChecker = (world) => {
  const able = world.honest.filter((seat) => !seat.gone && !seat.abstains)
  const decisions = world.decisions()
  if (able.length < quorumOf(world.plan.seats)) return []
  const undecided = world.honest.filter((seat) => !seat.gone && seat.decision === undefined)
  const roundsMax = world.calmRound + world.plan.seats - able.length + ROUNDS_TO_SPARE
  const late = decisions.filter(({ decision }) => decision.certificate.round > roundsMax)
  return [
    ...undecided.map(({ number, round }) => `seat ${number} is undecided in round ${round}`),
    ...late.map(
      ({ seat, decision }) =>
        `seat ${seat} decided in round ${decision.certificate.round}, after ${world.calmRound} at the end of faults`,
    ),
  ]
}
