/**
 * No two honest seats decide on different things, and what they decide on is decided.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { isDecisionOf } from '../../protocols/epoch/index.ts'
import type { EpochChecker } from '../epoch-scenario.ts'
import { simCrypto } from '../sim-crypto.ts'

export const seatsAgree: EpochChecker = (world) => {
  const decisions = world.decisions()
  const values = new Set(decisions.map(({ decision }) => textOf(decision.value)))
  const unproven = decisions.filter(
    ({ decision }) => !isDecisionOf(simCrypto, world.context, world.committee, decision),
  )
  return [
    ...world.mishaps,
    ...(values.size > 1 ? [`seats decided on ${[...values].join(' and on ')}`] : []),
    ...unproven.map(({ seat }) => `seat ${seat} decided without a quorum`),
  ]
}
