import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  proposalBy,
  quorumFor,
  testCommittee,
  voteBy,
} from '../../test/fixtures/epoch-committee.ts'
import {
  type Accusation,
  type DoubleProposal,
  encodeAccusation,
  encodeDoubleProposal,
  encodeDoubleVote,
  isAnswer,
  verifyAccusation,
  verifyDoubleProposal,
  verifyDoubleVote,
} from './evidence.ts'
import { DOUBLE_PROPOSAL_BYTES_MAX, EVIDENCE_BYTES_MAX, VALUE_BYTES_MAX } from './limits.ts'

const seats = testCommittee(4)
const accused = seats.committee[1] as (typeof seats.committee)[number]
const { verify, sha256 } = nodeCrypto
const [a, b] = ['a', 'b'].map((word) => sha256(utf8(word))) as [Uint8Array, Uint8Array]
const vote = (round: number, value: Uint8Array | undefined, kind: 'prevote' | 'precommit') =>
  voteBy(seats, 1, { kind, round, value })

describe('a double vote', () => {
  const proof = (one: Uint8Array | undefined, other: Uint8Array | undefined) =>
    encodeDoubleVote({
      ...epochContext,
      accused,
      precommit: 1,
      round: 2,
      one: { value: one, signature: vote(2, one, 'precommit').signature },
      other: { value: other, signature: vote(2, other, 'precommit').signature },
    })

  it('proves itself', () => {
    expect(verifyDoubleVote(verify, proof(a, b))).toMatchObject({ value: { accused, round: 2 } })
    expect(verifyDoubleVote(verify, proof(undefined, b)).type).toBe('value')
  })

  it('is none when both are the same, or somebody else’s, or too long', () => {
    expect(verifyDoubleVote(verify, proof(a, a))).toMatchObject({ code: 'EPOCH_EVIDENCE_INVALID' })
    const decoded = verifyDoubleVote(verify, proof(a, b))
    const value = decoded.type === 'value' ? decoded.value : undefined
    const other = seats.committee[0] as typeof accused
    const foreign =
      value === undefined ? new Uint8Array() : encodeDoubleVote({ ...value, accused: other })
    expect(verifyDoubleVote(verify, foreign)).toMatchObject({ code: 'EPOCH_EVIDENCE_INVALID' })
    const long = new Uint8Array(EVIDENCE_BYTES_MAX + 1)
    expect(verifyDoubleVote(verify, long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    expect(verifyAccusation(verify, long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
  })
})

describe('a double proposal', () => {
  const proposed = (value: Uint8Array, validRound?: number) => {
    const { signature } = proposalBy(seats, 1, { round: 2, value, validRound })
    return { value, validRound, signature }
  }
  const [one, other] = [proposed(a), proposed(b)]
  const base = { ...epochContext, accused, round: 2 }
  const verdict = (change: Partial<DoubleProposal>): string => {
    const encoded = encodeDoubleProposal({ ...base, one, other, ...change })
    const result = verifyDoubleProposal(verify, encoded)
    return result.type === 'refused' ? result.code : 'stands'
  }

  it.each<[string, Partial<DoubleProposal>, string]>([
    ['of two values', {}, 'stands'],
    ['of one value with a polka and without', { other: proposed(a, 1) }, 'stands'],
    ['of what is the same', { other: one }, 'EPOCH_EVIDENCE_INVALID'],
    ['of another round', { round: 3 }, 'EPOCH_EVIDENCE_INVALID'],
    ['of another epoch', { epoch: 10 }, 'EPOCH_EVIDENCE_INVALID'],
    ['of another seat', { accused: seats.committee[0] as PeerId }, 'EPOCH_EVIDENCE_INVALID'],
  ])('%s: %3$s', (_, change, code) => {
    expect(verdict(change)).toBe(code)
  })

  it('is refused when it is too long, and holds the longest values', () => {
    const long = new Uint8Array(DOUBLE_PROPOSAL_BYTES_MAX + 1)
    expect(verifyDoubleProposal(verify, long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    const [most, more] = [1, 2].map((byte) =>
      proposed(new Uint8Array(VALUE_BYTES_MAX).fill(byte), 1),
    ) as [DoubleProposal['one'], DoubleProposal['one']]
    expect(verdict({ one: most, other: more })).toBe('stands')
  })
})

describe('an accusation of amnesia', () => {
  const accusation = (from: number, to: number, second = b): Accusation => ({
    ...epochContext,
    accused,
    precommit: { round: from, value: a, signature: vote(from, a, 'precommit').signature },
    prevote: { round: to, value: second, signature: vote(to, second, 'prevote').signature },
  })
  const verdict = (made: Accusation): string => {
    const result = verifyAccusation(verify, encodeAccusation(made))
    return result.type === 'refused' ? result.code : 'stands'
  }

  it.each([
    ['a later change of mind', accusation(1, 3), 'stands'],
    ['the same value', accusation(1, 3, a), 'EPOCH_EVIDENCE_INVALID'],
    ['an earlier prevote', accusation(3, 1), 'EPOCH_EVIDENCE_INVALID'],
    ['the same round', accusation(2, 2), 'EPOCH_EVIDENCE_INVALID'],
  ])('with %s: %3$s', (_, made, code) => {
    expect(verdict(made)).toBe(code)
  })

  it.each([
    [0, b, false],
    [1, b, true],
    [2, b, true],
    [3, b, false],
    [2, a, false],
  ])('is answered by a polka of round %i for the right value: %3$s', (round, value, answered) => {
    const polka = quorumFor(seats, { kind: 'prevote', round, value })
    expect(isAnswer(verify, seats.committee, accusation(1, 3), polka)).toBe(answered)
  })

  it('is not answered by a polka that is too small, or of precommits', () => {
    const polka = quorumFor(seats, { kind: 'prevote', round: 2, value: b })
    const small = { ...polka, seats: Uint8Array.of(3), signatures: polka.signatures.slice(0, 2) }
    const precommits = quorumFor(seats, { kind: 'precommit', round: 2, value: b })
    for (const wrong of [small, precommits]) {
      expect(isAnswer(verify, seats.committee, accusation(1, 3), wrong)).toBe(false)
    }
  })
})
