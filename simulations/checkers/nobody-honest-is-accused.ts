/**
 * No seat that keeps the rules is blamed, proven to have voted twice, or accused without an answer.
 *
 * @module
 */

import {
  answersTo,
  encodeAccusation,
  encodeDoubleVote,
  isAnswer,
  verifyAccusation,
  verifyDoubleVote,
} from '../../protocols/epoch/index.ts'
import type { EpochChecker } from '../epoch-scenario.ts'
import type { EpochWorld } from '../epoch-world.ts'
import { simCrypto } from '../sim-crypto.ts'

export const nobodyHonestIsAccused: EpochChecker = (world) => {
  const blamed = world.faults.filter(({ from }) => isHonestName(world, from))
  const doubled = world.proofs.filter(({ accused }) => world.isHonest(accused))
  const broken = world.proofs.filter(
    (proof) => verifyDoubleVote(simCrypto.verify, encodeDoubleVote(proof)).type === 'refused',
  )
  const accused = world.accusations.filter(({ accused: peer }) => world.isHonest(peer))
  const unanswered = accused.filter((accusation) => !isAnswered(world, accusation))
  return [
    ...blamed.map(({ from, code, by }) => `seat ${by} blames honest ${from} for ${code}`),
    ...doubled.map(({ round }) => `an honest seat voted twice in round ${round}`),
    ...broken.map(({ round }) => `a proof of a double vote in round ${round} proves nothing`),
    ...unanswered.map(
      ({ precommit, prevote }) =>
        `an honest seat cannot answer for rounds ${precommit.round} and ${prevote.round}`,
    ),
  ]
}

function isHonestName(world: EpochWorld, from: string): boolean {
  return world.honest.some(({ number, peer }) => String(number) === from || peer === from)
}

/** True when an honest seat has the polka that clears the accused. */
function isAnswered(world: EpochWorld, accusation: EpochWorld['accusations'][number]): boolean {
  if (verifyAccusation(simCrypto.verify, encodeAccusation(accusation)).type === 'refused') {
    return false
  }
  return world.honest.some(({ machine }) => {
    const polka = machine?.polkas.find((one) => answersTo(accusation, one))
    const { verify } = simCrypto
    return polka !== undefined && isAnswer(verify, world.committee, accusation, polka)
  })
}
