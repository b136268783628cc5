import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  proposalBy,
  quorumFor,
  testCommittee,
  voteBy,
} from '../../test/fixtures/epoch-committee.ts'
import { messageProblem } from './message-check.ts'
import type { EpochMessage } from './messages.ts'
import type { Vote } from './vote.ts'

const seats = testCommittee(4)
const where = { ...epochContext, committee: seats.committee }
const value = utf8('a header')
const id = nodeCrypto.sha256(value)
const problemOf = (message: EpochMessage, place = where) =>
  messageProblem(nodeCrypto, place, message)

const vote = voteBy(seats, 1, { kind: 'precommit', round: 3, value: id })
const proposal = proposalBy(seats, 2, { round: 3, value, validRound: 1 })
const polka = quorumFor(seats, { kind: 'prevote', round: 1, value: id })
const certificate = quorumFor(seats, { kind: 'precommit', round: 3, value: id })
const precommits = [0, 1, 2].map((seat) =>
  voteBy(seats, seat, { kind: 'precommit', round: 2, value: seat === 1 ? undefined : id }),
)
const messages: readonly EpochMessage[] = [
  { type: 'vote', vote },
  { type: 'proposal', proposal },
  { type: 'polka', polka },
  { type: 'round', votes: precommits },
  { type: 'round', votes: [] },
  { type: 'decision', decision: { value, certificate } },
]

const roundOf = (...votes: readonly Vote[]): EpochMessage => ({ type: 'round', votes })
const [first, second] = precommits as [Vote, Vote]

describe('messages of seats', () => {
  it('have nothing wrong with them, whatever they are', () => {
    expect(messages.map((message) => problemOf(message))).toEqual(messages.map(() => undefined))
  })

  it('are none of another epoch, mesh or committee', () => {
    for (const message of messages.filter((one) => one.type !== 'round' || one.votes.length > 0)) {
      expect(problemOf(message, { ...where, epoch: where.epoch + 1 })).toBeDefined()
      expect(problemOf(message, { ...where, network: id })).toBeDefined()
      expect(
        problemOf(message, { ...where, committee: testCommittee(4, 5).committee }),
      ).toBeDefined()
    }
  })

  it.each<[string, EpochMessage, string]>([
    [
      'a vote of another seat',
      { type: 'vote', vote: { ...vote, seat: 2 } },
      'EPOCH_SIGNATURE_INVALID',
    ],
    ['a vote of no seat', { type: 'vote', vote: { ...vote, seat: 4 } }, 'EPOCH_SEAT_INVALID'],
    [
      'a vote for something else',
      { type: 'vote', vote: { ...vote, value: undefined } },
      'EPOCH_SIGNATURE_INVALID',
    ],
    [
      'a proposal of another seat',
      { type: 'proposal', proposal: { ...proposal, seat: 1 } },
      'EPOCH_SIGNATURE_INVALID',
    ],
    [
      'a proposal of no seat',
      { type: 'proposal', proposal: { ...proposal, seat: 9 } },
      'EPOCH_SEAT_INVALID',
    ],
    [
      'a proposal by a polka to come',
      { type: 'proposal', proposal: proposalBy(seats, 2, { round: 3, value, validRound: 3 }) },
      'EPOCH_ROUND_INVALID',
    ],
    ['precommits as a polka', { type: 'polka', polka: certificate }, 'EPOCH_CERTIFICATE_INVALID'],
    [
      'a polka for something else',
      { type: 'polka', polka: { ...polka, value: nodeCrypto.sha256(id) } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'prevotes as a decision',
      { type: 'decision', decision: { value, certificate: polka } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'a decision on something else',
      { type: 'decision', decision: { value: id, certificate } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    ['two precommits of one seat', roundOf(first, second, first), 'EPOCH_SEAT_INVALID'],
    ['precommits of two rounds', roundOf(first, vote), 'EPOCH_ROUND_INVALID'],
    [
      'prevotes in a round',
      roundOf(voteBy(seats, 0, { kind: 'prevote', round: 2, value: id })),
      'EPOCH_ROUND_INVALID',
    ],
    [
      'a round with a forged vote',
      roundOf(first, { ...second, value: id }),
      'EPOCH_SIGNATURE_INVALID',
    ],
  ])('cannot be %s', (_, message, code) => {
    expect(problemOf(message)).toBe(code)
  })
})
