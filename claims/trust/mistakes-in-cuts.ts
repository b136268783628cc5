/**
 * Mistakes in what devices propose to be in an epoch, and in what they vote for.
 *
 * @module
 */

import type { Check, Mutant } from './mutation.ts'

const EPOCH = 'protocols/epoch'
const ROOM = 'node/epoch'
const test = (path: string): Check => ({ test: path })

export const MISTAKES_IN_CUTS: readonly Mutant[] = [
  {
    mistake: 'what came after a cut makes it unfair',
    path: `${ROOM}/proposals.ts`,
    find: 'clock.monotonicMs() - sinceCutMs - settledMs(calendar, epoch)',
    replace: 'clock.monotonicMs() - settledMs(calendar, epoch)',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'a value that seats are locked on is asked whether it is fair',
    path: `${ROOM}/proposals.ts`,
    find: 'const at = hasPolka ? undefined : this.#judgedAt(header, round)',
    replace: 'const at = this.#judgedAt(header, round)',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'floors that were seen hours ago undo a lock',
    path: `${ROOM}/proposals.ts`,
    find: 'if (problem !== undefined || hasPolka || !isInflated(this.#components, body)) return problem',
    replace: 'if (problem !== undefined || !isInflated(this.#components, body)) return problem',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'what a seat refused once it refuses for ever',
    path: `${EPOCH}/epoch-machine.ts`,
    find: "held.verdict === 'invalid' && hasPolka && !held.hadPolka",
    replace: "held.verdict === 'unasked' && hasPolka && !held.hadPolka",
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'who says two things of one epoch has each half refuse the other',
    path: `${ROOM}/proposals.ts`,
    find: 'body.statements.every((stated) => pools.statements.hasTold(stated))',
    replace: 'ids.every((id) => pools.statements.get(id) !== undefined)',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'devices that are an epoch behind do not take a word about an owner',
    path: `${ROOM}/epoch-commands.ts`,
    find: ' - BEHIND_EPOCHS\n',
    replace: ' + Math.min(0, BEHIND_EPOCHS)\n',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'a word about an owner is missed before it can be everywhere',
    path: `${ROOM}/owner-words.ts`,
    find: 'return sinceMs < this.#decidedMs',
    replace: 'return sinceMs < this.#decidedMs || sinceMs >= 0',
    check: test(`${ROOM}/proposals.test.ts`),
  },
  {
    mistake: 'who votes for a cut does not keep it',
    path: `${ROOM}/proposals.ts`,
    find: 'if (votes) await this.#kept.keep({ value, body })',
    replace: 'if (votes) this.#kept.note({ value, body })',
    check: test(`${ROOM}/kept-cuts.test.ts`),
  },
  {
    mistake: 'who votes for a cut does not wait for its disk',
    path: `${ROOM}/kept-cuts.ts`,
    find: '    await written\n',
    replace: '    written.catch(reject)\n',
    check: test(`${ROOM}/kept-cuts.test.ts`),
  },
  {
    mistake: 'a cut that the disk changed is believed',
    path: `${ROOM}/kept-cuts.ts`,
    find: 'if (!bytesEqual(sha256(kept), encoded.subarray(0, HASH_BYTES))) return undefined',
    replace: 'if (encoded.length < HASH_BYTES) return undefined',
    check: test(`${ROOM}/kept-cuts.test.ts`),
  },
  {
    mistake: 'cuts of epochs that are decided stay on the disk',
    path: `${ROOM}/epoch-room.ts`,
    find: 'await this.#kept.keep(record, this.#proposals.forget())',
    replace: 'await this.#kept.keep(record, this.#proposals.forget().slice(1))',
    check: test(`${ROOM}/kept-cuts.test.ts`),
  },
  {
    mistake: 'who says its proposal again is blamed for it',
    path: `${EPOCH}/messages.ts`,
    find: 'return a.validRound === b.validRound && bytesEqual(a.value, b.value)',
    replace: 'return a === b && bytesEqual(a.value, b.value)',
    check: test(`${EPOCH}/epoch-machine.test.ts`),
  },
  {
    mistake: 'a proposal that others made up is a proof against its proposer',
    path: `${EPOCH}/evidence.ts`,
    find: 'return signed && !isSameProposal(one, other)',
    replace: 'return (signed || one !== other) && !isSameProposal(one, other)',
    check: test(`${EPOCH}/evidence.test.ts`),
  },
  {
    mistake: 'many light faults make a grave one forgotten',
    path: 'trust/fault-records.ts',
    find: 'this.#records.set(domain, latestOf(record))',
    replace: 'this.#records.set(domain, latestOf(record.slice(-KEPT_MAX)))',
    check: test('trust/trust-state.test.ts'),
  },
]
