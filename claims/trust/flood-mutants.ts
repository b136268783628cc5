/**
 * Mistakes in what is let in from others, and what is made of it.
 *
 * @module
 */

import type { Check, Mutant } from './mutation.ts'

const EPOCH = 'protocols/epoch'
const ROOM = 'node/epoch'
const test = (path: string): Check => ({ test: path })

export const FLOOD_MUTANTS: readonly Mutant[] = [
  {
    mistake: 'made-up domains are remembered for their faults',
    path: 'trust/trust-state.ts',
    find: 'const index = this.domains.find(domain)\n    if (index < 0) return [{ domain, epoch: this.#epoch',
    replace:
      'const index = this.#intern(domain)\n    if (index < 0) return [{ domain, epoch: this.#epoch',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'any key that votes twice is at fault',
    path: `${ROOM}/evidence-kinds.ts`,
    find: "return committee.includes(accused) ? 'counts' : 'foreign'",
    replace: "return committee.length > 0 ? 'counts' : 'foreign'",
    check: test(`${ROOM}/floods.test.ts`),
  },
  {
    mistake: 'proofs that are in are kept for ever',
    path: `${ROOM}/evidence-pool.ts`,
    find: 'this.#rules.isIn(proven) || !this.#waits(proven)',
    replace: '!this.#waits(proven)',
    check: test(`${ROOM}/pools.test.ts`),
  },
  {
    mistake: 'votes are handed on before their signatures are looked at',
    path: `${EPOCH}/message-check.ts`,
    find: "isBallotOf(verify, where, voter, vote) ? undefined : 'EPOCH_SIGNATURE_INVALID'",
    replace: "vote.signature.length > 0 ? undefined : 'EPOCH_SIGNATURE_INVALID'",
    check: test(`${ROOM}/message-gate.test.ts`),
  },
  {
    mistake: 'one seat fills the room for messages that are early',
    path: `${ROOM}/early-messages.ts`,
    find: "committee.includes(early.from) ? early.from : 'others'",
    replace: "committee.length < 0 ? early.from : 'others'",
    check: test(`${ROOM}/message-gate.test.ts`),
  },
  {
    mistake: 'one proposer that lies about the time has the clocks of others set',
    path: `${ROOM}/cut-clock.ts`,
    find: 'proposers.length < Math.min(PROPOSERS_MIN, others)',
    replace: 'proposers.length < 1',
    check: test(`${ROOM}/epoch-health.test.ts`),
  },
]
