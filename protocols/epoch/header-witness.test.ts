import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
  type TestCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { questionCodecContract } from '../../test/fixtures/question-codec.contract.ts'
import { rememberingCrypto } from '../../test/fixtures/remembering-crypto.ts'
import { cosignCodec } from './cosign-questions.ts'
import { encodeDoubleVote, verifyDoubleVote } from './evidence.ts'
import { encodeHeader, type Header } from './header.ts'
import { openHeaderCosignature, signHeaderCosignature } from './header-cosignature.ts'
import {
  doubleVotesOf,
  encodeHeaderFork,
  headerForkOf,
  judgeHeaders,
  verifyHeaderFork,
} from './header-witness.ts'
import type { SignedHeader } from './light-client.ts'
import { HEADER_FORK_BYTES_MAX } from './limits.ts'
import { committeeRoot } from './seats.ts'

const { sha256, verify } = nodeCrypto
const [alone, heir, two] = [testCommittee(1), testCommittee(1, 4), testCommittee(2)]
const { network, epoch } = epochContext
const witness = device(30)

function shown(seats: TestCommittee, change: Partial<Header>, round = 0): SignedHeader {
  const header = headerBy(seats, change)
  const value = encodeHeader(header)
  const ballot = { kind: 'precommit' as const, round, value: sha256(value) }
  const context = { network: header.network, epoch: header.epoch }
  return { value, certificate: quorumFor(seats, ballot, context), committee: seats.committee }
}

const after = (parent: SignedHeader, at: number, seats = alone, change: Partial<Header> = {}) =>
  shown(seats, { epoch: epoch + at, parent: sha256(parent.value), ...change })

const first = shown(alone, {})
const second = after(first, 1)
const third = after(second, 2)
const other = after(first, 1, alone, { statements: 5 })
const founder = alone.committee[0]

const verdict = (held: SignedHeader | undefined, ...headers: readonly SignedHeader[]): string => {
  const judged = judgeHeaders(nodeCrypto, held, {
    headers,
    network,
    mayRestart: (seat) => seat === founder,
  })
  if (judged.type === 'refused') return judged.code
  return judged.type === 'cosign' ? `cosign ${judged.header.epoch - epoch}` : judged.type
}

describe('a witness of headers', () => {
  it.each<[string, SignedHeader | undefined, readonly SignedHeader[], string]>([
    ['the first that it sees', undefined, [second], 'cosign 1'],
    ['the next', first, [second], 'cosign 1'],
    ['all in between', first, [second, third], 'cosign 2'],
    ['what it holds, and the next', first, [first, second], 'cosign 1'],
    ['what it holds, once more', second, [second], 'cosign 1'],
    ['a later one without those in between', first, [third], 'held'],
    ['an earlier one', third, [first], 'held'],
    ['another one of the epoch that it holds', second, [other], 'fork'],
    ['the next of another one', second, [after(other, 2)], 'held'],
    ['headers that leave one out', first, [second, after(third, 3)], 'EPOCH_PARENT_UNKNOWN'],
    ['nothing', undefined, [], 'EPOCH_PARENT_UNKNOWN'],
    ['the next, by a committee that was not named', first, [after(first, 1, heir)], 'held'],
    ['that epoch by somebody else', second, [after(first, 1, heir)], 'EPOCH_CERTIFICATE_INVALID'],
    ['the founder who goes on alone', first, [after(first, 20)], 'cosign 20'],
    ['anybody else who goes on alone', first, [after(first, 20, heir)], 'held'],
    ['one of another mesh', first, [shown(alone, { network: sha256(network) })], 'EPOCH_MISMATCH'],
    [
      'one that its committee did not decide',
      first,
      [{ ...second, certificate: third.certificate }],
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'the next, by the committee that was named',
      shown(alone, { next: committeeRoot(sha256, two.committee) }),
      [after(shown(alone, { next: committeeRoot(sha256, two.committee) }), 1, two)],
      'cosign 1',
    ],
  ])('shown %s: %4$s', (_, held, headers, what) => {
    expect(verdict(held, ...headers)).toBe(what)
  })
})

describe('a fork of a mesh', () => {
  const fork = headerForkOf(nodeCrypto, second, other)
  if (fork === undefined) throw new Error('two headers are a fork')

  it('proves itself, whichever header was seen first, and proves two votes of a seat', () => {
    expect(headerForkOf(nodeCrypto, other, second)).toEqual(fork)
    expect(verifyHeaderFork(nodeCrypto, encodeHeaderFork(fork))).toMatchObject({ value: fork })
    const [vote, ...more] = doubleVotesOf(fork)
    if (vote === undefined) throw new Error('the seat voted twice')
    expect([vote.accused, more]).toEqual([founder, []])
    expect(verifyDoubleVote(verify, encodeDoubleVote(vote)).type).toBe('value')
  })

  it('proves nothing against a seat that may have changed its mind', () => {
    const late = shown(alone, { epoch: epoch + 1, statements: 6 }, 1)
    const apart = headerForkOf(nodeCrypto, second, late)
    expect(apart && doubleVotesOf(apart)).toEqual([])
  })

  it.each<[string, SignedHeader, SignedHeader]>([
    ['one header', second, second],
    ['headers of two epochs', second, third],
    ['headers of two committees', second, after(first, 1, heir)],
    ['a header that nobody decided', second, { ...other, certificate: second.certificate }],
  ])('is not made of %s', (_, one, next) => {
    expect(headerForkOf(nodeCrypto, one, next)).toBe(undefined)
    expect(verifyHeaderFork(nodeCrypto, encodeHeaderFork({ one, other: next }))).toMatchObject({
      code: 'EPOCH_EVIDENCE_INVALID',
    })
  })

  it('is refused with any byte changed or missing, and when it is too long', () => {
    const encoded = encodeHeaderFork(fork)
    const remembering = rememberingCrypto()
    const holds = (bytes: Uint8Array): boolean =>
      verifyHeaderFork(remembering, bytes).type === 'value'
    for (const [at, byte] of encoded.entries()) {
      expect(holds(encoded.with(at, byte ^ (1 << (at % 8))))).toBe(false)
      expect(holds(encoded.subarray(0, at))).toBe(false)
    }
    const long = new Uint8Array(HEADER_FORK_BYTES_MAX + 1)
    expect(verifyHeaderFork(nodeCrypto, long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
  })
})

describe('a cosignature of a header', () => {
  const held = { network, epoch, header: sha256(first.value), wallMs: 1_767_225_600_000 }
  const cosignature = signHeaderCosignature(witness, held)
  const opened = (body: Uint8Array, signature = cosignature.signature): boolean =>
    openHeaderCosignature(verify, witness.peer, { body, signature }).type === 'value'

  it('is that of its witness, and of nobody else', () => {
    const read = openHeaderCosignature(verify, witness.peer, cosignature)
    expect(read).toEqual({ type: 'value', value: held })
    expect(openHeaderCosignature(verify, device(31).peer, cosignature)).toMatchObject({
      code: 'EPOCH_SIGNATURE_INVALID',
    })
  })

  it('is refused with any byte changed or missing', () => {
    const { body, signature } = cosignature
    for (const [at, byte] of body.entries()) {
      expect(opened(body.with(at, byte ^ (1 << (at % 8))))).toBe(false)
      expect(opened(body.subarray(0, at))).toBe(false)
    }
    for (const [at, byte] of signature.entries()) {
      expect(opened(body, signature.with(at, byte ^ (1 << (at % 8))))).toBe(false)
    }
  })
})

describe('the codec of /brume/cosign/1', () => {
  const cosignature = signHeaderCosignature(witness, {
    network,
    epoch,
    header: sha256(first.value),
    wallMs: 1_767_225_600_000,
  })
  // What a header says is looked at later.
  const [short, longer] = [Uint8Array.of(1), Uint8Array.of(1, 2)].map((value) => ({
    ...first,
    value,
  })) as [SignedHeader, SignedHeader]
  questionCodecContract(cosignCodec, {
    questions: { show: { headers: [short, longer] }, showNothing: { headers: [] } },
    answers: {
      cosigned: { type: 'cosigned', cosignature },
      held: { type: 'held', header: short },
      refused: { type: 'refused', reason: 'unknown' },
      forked: { type: 'forked', one: short, other: longer },
    },
    vectors: JSON.parse(readFileSync('test/vectors/cosign.json', 'utf8')) as Readonly<
      Record<string, string>
    >,
  })
})
