/**
 * Nothing happens to anybody.
 *
 * @module
 */

import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { type EpochChecker, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

const inTheFirstRound: EpochChecker = (world) =>
  world
    .decisions()
    .filter(({ decision }) => decision.certificate.round > 0)
    .map(({ seat, decision }) => `seat ${seat} decided in round ${decision.certificate.round}`)

export const epochsInPeace = epochScenario({
  name: 'epochs-in-peace',
  question: 'does a committee of any size agree in the first round when nothing happens?',
  plan: (random) => ({ ...PEACE, seats: 1 + below(random, 20) }),
  checkers: [seatsAgree, epochIsDecided, nobodyHonestIsAccused, inTheFirstRound],
})
