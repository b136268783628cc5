import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import {
  epochContext,
  quorumFor,
  testCommittee,
  voteBy,
} from '../../test/fixtures/epoch-committee.ts'
import { decodeVoteRecord, encodeVoteRecord, standpointOf, type VoteRecord } from './vote-record.ts'

const hash = new Uint8Array(32).fill(7)
const votes: VoteRecord = {
  ...epochContext,
  round: 3,
  locked: { round: 2, value: utf8('value') },
  valid: undefined,
  proposed: undefined,
  prevote: { value: hash },
  precommit: { value: undefined },
  answers: [quorumFor(testCommittee(4), { kind: 'prevote', round: 2, value: hash })],
  way: [voteBy(testCommittee(4), 1, { kind: 'precommit', round: 2, value: undefined })],
}
const { network, epoch } = epochContext
const standpoint = (change: Partial<Parameters<typeof standpointOf>[2]>, at = epoch) =>
  standpointOf(at, network, {
    seatedIn: epoch,
    record: encodeVoteRecord(votes),
    abstainsUntil: 0,
    ...change,
  })

describe('the record of a seat’s votes', () => {
  it('is read as it was written, and not at all when anything is missing', () => {
    const encoded = encodeVoteRecord(votes)
    expect(decodeVoteRecord(encoded)).toEqual(votes)
    for (let length = 0; length < encoded.length; length++) {
      expect(decodeVoteRecord(encoded.subarray(0, length))).toBeUndefined()
    }
  })

  it('binds in its epoch, and leaves a later one free', () => {
    expect(standpoint({})).toEqual({ type: 'bound', record: votes })
    expect(standpoint({}, epoch + 1)).toEqual({ type: 'free' })
  })

  it('of an epoch to come makes the seat wait for it', () => {
    expect(standpoint({}, epoch - 4)).toEqual({
      type: 'abstains',
      until: epoch,
      code: 'EPOCH_TIME_INVALID',
    })
  })

  it.each<[string, Partial<Parameters<typeof standpointOf>[2]>]>([
    ['is gone', { record: undefined }],
    ['is broken', { record: utf8('broken') }],
    ['is of another mesh', { record: encodeVoteRecord({ ...votes, network: hash }) }],
  ])('that %s makes the seat abstain for two epochs', (_, change) => {
    expect(standpoint(change)).toEqual({
      type: 'abstains',
      until: epoch + 2,
      code: 'EPOCH_VOTES_LOST',
    })
  })

  it('that is gone together with the epochs makes the seat abstain beyond the last one that it sat in', () => {
    expect(standpoint({ record: undefined, seatedIn: 40 }, 0)).toMatchObject({ until: 42 })
    expect(standpoint({ record: undefined, seatedIn: 40 }, 50)).toMatchObject({ until: 52 })
  })

  it('was never there for a seat that never sat', () => {
    expect(standpoint({ record: undefined, seatedIn: undefined })).toEqual({ type: 'free' })
  })

  it('does not end an abstention that is under way', () => {
    expect(standpoint({ abstainsUntil: epoch + 1 })).toMatchObject({
      type: 'abstains',
      until: epoch + 1,
    })
    expect(standpoint({ abstainsUntil: epoch }).type).toBe('bound')
  })
})
