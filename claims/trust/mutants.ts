/**
 * Mistakes that people make in such code, each put into a copy of the source: is any of them overlooked?
 *
 * @module
 */

import type { Claim } from '../claim.ts'
import { MISTAKES_IN_CUTS } from './mistakes-in-cuts.ts'
import { FLOOD_MUTANTS } from './flood-mutants.ts'
import { LEDGER_MUTANTS } from './ledger-mutants.ts'
import { type Check, type Mutant, MutatedSource } from './mutation.ts'

const EPOCH = 'protocols/epoch'
const ROOM = 'node/epoch'
const sim = (scenario: string, seeds: number): Check => ({ scenario, seeds })
const test = (path: string): Check => ({ test: path })

export const MUTANTS: readonly Mutant[] = [
  ...FLOOD_MUTANTS,
  ...LEDGER_MUTANTS,
  ...MISTAKES_IN_CUTS,
  {
    mistake: 'no lock: any value may be prevoted',
    path: `${EPOCH}/own-votes.ts`,
    find: 'if (this.locked === undefined || bytesEqual(this.locked.value, value)) return true',
    replace: 'if (value.length > 0) return true',
    check: sim('epochs-with-liars', 400),
  },
  {
    mistake: 'a polka older than the lock unlocks',
    path: `${EPOCH}/own-votes.ts`,
    find: 'this.locked.round <= validRound',
    replace: 'validRound >= 0',
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'votes are sent before they are on disk',
    path: `${EPOCH}/epoch-machine.ts`,
    find: 'this.#waiting.set(token, cast)',
    replace: 'this.#cast(cast)',
    check: sim('epochs-under-faults', 20),
  },
  {
    mistake: 'the record is not read after a crash',
    path: `${EPOCH}/epoch-machine.ts`,
    find: 'if (record === undefined) return this.#enter(0)',
    replace: 'if (record !== null) return this.#enter(0)',
    check: sim('epochs-under-faults', 200),
  },
  {
    mistake: 'the lock is not written to disk',
    path: `${EPOCH}/own-votes.ts`,
    find: 'locked: this.locked,',
    replace: 'locked: undefined,',
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'two thirds are enough, instead of more',
    path: `${EPOCH}/seats.ts`,
    find: 'Math.floor((2 * seats) / 3) + 1',
    replace: 'Math.max(1, Math.floor((2 * seats) / 3))',
    check: sim('epochs-with-liars', 400),
  },
  {
    mistake: 'a seat that lost its votes votes on',
    path: `${EPOCH}/vote-record.ts`,
    find: "return stored.seatedIn === undefined ? { type: 'free' } : lost",
    replace: "return { type: 'free' }",
    check: sim('epochs-with-lost-disks', 300),
  },
  {
    mistake: 'signatures of votes are not looked at',
    path: `${EPOCH}/vote-book.ts`,
    find: 'return voter !== undefined && isBallotOf(this.#verify, this.#context, voter, vote)',
    replace: 'return voter !== undefined',
    check: sim('epochs-with-liars', 200),
  },
  {
    mistake: 'what is known is told once only',
    path: `${EPOCH}/epoch-machine.ts`,
    find: '        this.#repeat()\n',
    replace: '',
    check: sim('epochs-under-faults', 200),
  },
  {
    mistake: 'one seat takes all others to a later round',
    path: `${EPOCH}/seats.ts`,
    find: 'return Math.floor((seats - 1) / 3) + 1',
    replace: 'return Math.min(seats, 1)',
    check: sim('epochs-with-liars', 200),
  },
  {
    mistake: 'anybody may propose in any round',
    path: `${EPOCH}/proposal-book.ts`,
    find: "if (seat !== this.proposer(round) || proposer === undefined) return 'EPOCH_SEAT_INVALID'",
    replace: "if (proposer === undefined) return 'EPOCH_SEAT_INVALID'",
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'proposals are voted for without being judged',
    path: `${EPOCH}/epoch-machine.ts`,
    find: "held.verdict === 'valid' && this.#own.mayPrevote",
    replace: 'this.#own.mayPrevote',
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'polkas that were relied on are not kept',
    path: `${EPOCH}/own-votes.ts`,
    find: 'this.#answers = [...this.#answers, polka].slice(-ANSWERS_KEPT_MAX)',
    replace: 'this.#answers = []',
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'messages of other epochs are taken',
    path: `${EPOCH}/messages.ts`,
    find: 'if (epoch !== context.epoch || !bytesEqual(network, context.network)) {',
    replace: 'if (epoch < 0 || network.length === 0) {',
    check: test('test/epoch-vectors.test.ts'),
  },
  {
    mistake: 'a light client believes strangers',
    path: `${EPOCH}/light-client.ts`,
    find: 'return shared.length >= honestSomeOf(known.committee.length)',
    replace: 'return shared.length >= 0',
    check: test(`${EPOCH}/light-client.test.ts`),
  },
  {
    mistake: 'half of the statements may be left out at once',
    path: `${EPOCH}/cut-rules.ts`,
    find: 'INCLUSION_PERMILLE[round] ?? INCLUSION_PERMILLE.at(-1) ?? 0',
    replace: 'INCLUSION_PERMILLE.at(-1) ?? 0',
    check: test(`${EPOCH}/cut-rules.test.ts`),
  },
  {
    mistake: 'one side of a pair is enough',
    path: 'trust/work-graph.ts',
    find: 'const agreed = Math.min(',
    replace: 'const agreed = Math.max(',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'who was never audited is believed',
    path: 'trust/standing.ts',
    find: 'AUDIT_FAILURE_WEIGHT * failed + 4)',
    replace: 'AUDIT_FAILURE_WEIGHT * failed + 1)',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'statements of long ago count',
    path: 'trust/trust-state.ts',
    find: 'if (late < 0 || late > LATE_EPOCHS_MAX) {',
    replace: 'if (late < 0) {',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'work within a domain counts',
    path: 'trust/statement.ts',
    find: 'from === undefined || to === undefined || bytesEqual(from, to)',
    replace: 'from === undefined || to === undefined',
    check: test('trust/statement.test.ts'),
  },
  {
    mistake: 'who is at fault passes trust on',
    path: 'trust/trust-state.ts',
    find: 'this.isFaulted(index) ? 0 : auditLowerBoundQ16(',
    replace: 'index < 0 ? 0 : auditLowerBoundQ16(',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'what is rounded off is lost',
    path: 'trust/walk.ts',
    find: 'goHome(next, seeds, MASS_TOTAL - sumOf(next))',
    replace: 'goHome(next, seeds, Math.floor((MASS_TOTAL - sumOf(next)) / 4) * 4)',
    check: test('trust/walk.test.ts'),
  },
  {
    mistake: 'a day is counted again with every statement',
    path: 'trust/work-graph.ts',
    find: 'this.#claims[at] = Math.max(this.#claims[at] as number, milliCredits)',
    replace: 'this.#claims[at] = (this.#claims[at] as number) + milliCredits',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'made-up domains are remembered',
    path: 'trust/trust-state.ts',
    find: 'const known = this.domains.find(peer)',
    replace: 'const known = this.#intern(peer)',
    check: test('trust/trust-state.test.ts'),
  },
  {
    mistake: 'anchors keep no seats',
    path: 'trust/committee.ts',
    find: 'const missing = Math.max(0, reserved - anchored)',
    replace: 'const missing = Math.min(0, reserved - anchored)',
    check: test('trust/committee.test.ts'),
  },
  {
    mistake: 'audits count by whoever made them',
    path: `${ROOM}/counted-audits.ts`,
    find: "return auditors.every((auditor) => drawn.has(auditor)) ? 'counts' : 'invalid'",
    replace: "return drawn.size >= 0 ? 'counts' : 'invalid'",
    check: test(`${ROOM}/audits-in-epochs.test.ts`),
  },
  {
    mistake: 'an audit counts as often as it is told',
    path: `${ROOM}/counted-audits.ts`,
    find: 'if (this.#recent.has(toHex(task)) || this.#isPairFull(audit))',
    replace: 'if (this.#isPairFull(audit))',
    check: test(`${ROOM}/audits-in-epochs.test.ts`),
  },
  {
    mistake: 'who is away is condemned for its silence',
    path: `${ROOM}/accusations.ts`,
    find: 'spoken.has(held.accusation.accused) ? 1 : 0',
    replace: 'spoken.size >= 0 ? 1 : 0',
    check: test(`${ROOM}/amnesia.test.ts`),
  },
  {
    mistake: 'any polka answers an accusation',
    path: `${ROOM}/accusations.ts`,
    find: 'isAnswer(this.#crypto.verify, committee, accusation, polka)',
    replace: 'polka.signatures.length > 0',
    check: test(`${ROOM}/amnesia.test.ts`),
  },
  {
    mistake: 'a snapshot is believed whatever it leads to',
    path: `${ROOM}/epoch-chain.ts`,
    find: 'if (!isOf(header, leadsTo) || header.scores',
    replace: 'if (header.scores',
    check: test(`${ROOM}/fold-snapshot.test.ts`),
  },
  {
    mistake: 'anybody begins a mesh again',
    path: `${EPOCH}/restart.ts`,
    find: 'return isSignedBy(verify, founder, KIND, read.value.signed)',
    replace: 'return read.value.signed.body.length > 0',
    check: test(`${ROOM}/restart.test.ts`),
  },
  {
    mistake: 'a voice too few changes the parameters',
    path: `${EPOCH}/parameter-change.ts`,
    find: 'voices.length === quorumOf(committee.length) &&',
    replace: 'voices.length >= quorumOf(committee.length) - 1 &&',
    check: test(`${ROOM}/parameter-change.test.ts`),
  },
  {
    mistake: 'what was wanted once is wanted for ever',
    path: `${ROOM}/agreed-parameters.ts`,
    find: 'number === this.number + 1 &&',
    replace: 'number > 0 &&',
    check: test(`${ROOM}/parameter-change.test.ts`),
  },
  {
    mistake: 'seats move the anchors without them',
    path: `${EPOCH}/parameter-change.ts`,
    find: 'agreeing >= anchorsNeeded(anchors.length) &&',
    replace: '',
    check: test(`${ROOM}/anchors.test.ts`),
  },
  {
    mistake: 'the walk goes on from the anchors of before',
    path: `${ROOM}/trust-fold.ts`,
    find: 'this.#state.reseed(this.#seedsIn(epoch))',
    replace: 'this.#state.reseed(this.#seedsIn(0))',
    check: test(`${ROOM}/anchors.test.ts`),
  },
  {
    mistake: 'a mesh that was begun again waits for anchors that are dead',
    path: `${ROOM}/trust-fold.ts`,
    find: 'return this.latestOf(this.#domainOf(device)) >= this.#begun',
    replace: 'return device.length > 0',
    check: test(`${ROOM}/anchors.test.ts`),
  },
  {
    mistake: 'who has left keeps its seat',
    path: `${ROOM}/trust-fold.ts`,
    find: 'isFree(device) && !this.#departures.hasLeft(device)',
    replace: 'isFree(device)',
    check: sim('seats-that-leave', 5),
  },
  {
    mistake: 'an old word sends away who has come back',
    path: `${ROOM}/departures.ts`,
    find: 'epoch !== undefined && epoch >= this.#rules.latestOf(device)',
    replace: 'epoch !== undefined && epoch >= this.#rules.latestOf(device) - 12',
    check: test(`${ROOM}/farewell.test.ts`),
  },
  {
    mistake: 'praise among the devices of one owner goes on to count',
    path: 'trust/work-graph.ts',
    find: 'if (requester === provider) continue',
    replace: 'if (requester + 1 === provider) continue',
    check: sim('trust-of-owners', 20),
  },
  {
    mistake: 'work that is told of by the name of a device is not that of its owner',
    path: 'trust/trust-state.ts',
    find: 'const other = this.#homes.of(known)',
    replace: 'const other = known',
    check: test('trust/owned-domains.test.ts'),
  },
  {
    mistake: 'a device that leaves its owner is clean, and so is the owner',
    path: 'trust/trust-state.ts',
    find: 'for (const index of [left, from]) this.#faults.set(index, record)',
    replace: 'for (const index of [left, from].slice(2)) this.#faults.set(index, record)',
    check: sim('trust-of-owners', 20),
  },
  {
    mistake: 'an owner adopts who did not say so',
    path: 'trust/owner-word.ts',
    find: 'byOwner !== undefined && byDevice !== undefined',
    replace: 'byOwner !== undefined || byDevice !== undefined',
    check: test('trust/owners.test.ts'),
  },
  {
    mistake: 'a word about an owner counts again',
    path: 'trust/owners.ts',
    find: "if (word.number !== (tie?.number ?? 0) + 1) return 'number'",
    replace: "if (word.number > (tie?.number ?? 0) + 1) return 'number'",
    check: test('trust/owners.test.ts'),
  },
  {
    mistake: 'a device has a seat beside its owner',
    path: `${ROOM}/trust-fold.ts`,
    find: 'isFree(device) && !this.#departures.hasLeft(device)',
    replace: '!this.#departures.hasLeft(device)',
    check: test(`${ROOM}/owners.test.ts`),
  },
  {
    mistake: 'devices of one owner audit one another',
    path: `${ROOM}/counted-audits.ts`,
    find: 'if (met.has(speaker)) return false',
    replace: 'if (met.has(peer)) return false',
    check: test(`${ROOM}/audits-in-epochs.test.ts`),
  },
]

export const claim: Claim = {
  sentence: 'A mistake in the rules of trust or agreement does not go unnoticed.',
  goal: `each of ${MUTANTS.length} planted mistakes is caught by a seed or a test`,
  run: async ({ say, signal }) => {
    const source = new MutatedSource()
    try {
      const checks = new Map(MUTANTS.map(({ check }) => [nameOf(check), check]))
      for (const [name, check] of checks) {
        if (!(await source.passes(check, signal)))
          throw new Error(`${name} fails without a mistake`)
      }
      const overlooked: string[] = []
      for (const mutant of MUTANTS) {
        const noticed = await source.notices(mutant, signal)
        if (!noticed) overlooked.push(mutant.mistake)
        say(`${noticed ? 'caught' : 'OVERLOOKED'} by ${nameOf(mutant.check)}: ${mutant.mistake}`)
      }
      return {
        met: overlooked.length === 0,
        figure: `${MUTANTS.length - overlooked.length} of ${MUTANTS.length} caught`,
        facts: { overlooked },
      }
    } finally {
      source.remove()
    }
  },
}

function nameOf(check: Check): string {
  return 'test' in check ? check.test : `${check.seeds} seeds of ${check.scenario}`
}
