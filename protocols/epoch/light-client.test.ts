import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { MerkleTree, leafHash } from '../../core/merkle-tree.ts'
import { inclusionProof } from '../../core/merkle-proof.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
  type TestCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { encodeHeader, type Header } from './header.ts'
import {
  advanceTrust,
  decodeSignedHeader,
  encodeSignedHeader,
  type SignedHeader,
  type TrustedHeader,
  trustedFrom,
} from './light-client.ts'
import { MESSAGE_BYTES_MAX, SCORE_PROOF_BYTES_MAX, TRUSTING_MS_MAX } from './limits.ts'
import { encodeScoreProof, type ScoreProof, verifyScoreProof } from './score-proof.ts'
import { committeeRoot } from './seats.ts'

const { sha256 } = nodeCrypto
const four = testCommittee(4)
const rootOf = ({ committee }: TestCommittee): Uint8Array => committeeRoot(sha256, committee)
const nowMs = headerBy(four).cutWallMs + 1_000

function known(change: Partial<Header> = {}): TrustedHeader {
  const trusted = trustedFrom(nodeCrypto, encodeHeader(headerBy(four, change)), four.committee)
  if (trusted.type === 'refused') throw new Error(trusted.reason)
  return trusted.value
}

function shown(seats: TestCommittee, change: Partial<Header>): SignedHeader {
  const header = headerBy(seats, change)
  const value = encodeHeader(header)
  const ballot = { kind: 'precommit' as const, round: 0, value: sha256(value) }
  const context = { network: header.network, epoch: header.epoch }
  return { value, certificate: quorumFor(seats, ballot, context), committee: seats.committee }
}

const verdict = (from: TrustedHeader, to: SignedHeader, wallMs = nowMs): string => {
  const result = advanceTrust(nodeCrypto, from, to, wallMs)
  return result.type === 'refused' ? result.code : 'believed'
}
const { epoch } = epochContext

describe('a light client', () => {
  const strangers = testCommittee(4, 20)
  /** Two of four sit on: more than a third. */
  const heirs = testCommittee(4, 3)
  /** One of four sits on. */
  const successors = testCommittee(4, 4)
  const start = known({ next: rootOf(heirs), afterNext: rootOf(strangers) })

  it.each<[string, SignedHeader, string]>([
    ['the next header', shown(heirs, { epoch: epoch + 1, parent: start.id }), 'believed'],
    ['the next, with another parent', shown(heirs, { epoch: epoch + 1 }), 'EPOCH_TRUST_EXPIRED'],
    [
      'the next, by a committee that was not named',
      shown(four, { epoch: epoch + 1, parent: start.id }),
      'EPOCH_TRUST_EXPIRED',
    ],
    ['the one after', shown(strangers, { epoch: epoch + 2 }), 'believed'],
    ['a later one by the same', shown(four, { epoch: epoch + 500 }), 'believed'],
    ['a later one by strangers', shown(strangers, { epoch: epoch + 500 }), 'EPOCH_TRUST_EXPIRED'],
    [
      'a later one with one voice that is known',
      shown(successors, { epoch: epoch + 500 }),
      'EPOCH_TRUST_EXPIRED',
    ],
    ['one that it has', shown(four, { epoch }), 'EPOCH_MISMATCH'],
    ['one of another mesh', shown(four, { epoch: epoch + 5, network: start.id }), 'EPOCH_MISMATCH'],
    [
      'one that others decided than it names',
      { ...shown(four, { epoch: epoch + 5 }), committee: heirs.committee },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'one that too few decided',
      {
        ...shown(four, { epoch: epoch + 5 }),
        certificate: {
          ...shown(four, { epoch: epoch + 5 }).certificate,
          seats: Uint8Array.of(3),
        },
      },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'one of an hour to come',
      shown(four, { epoch: epoch + 5, cutWallMs: nowMs + 3_600_000 }),
      'EPOCH_TRUST_EXPIRED',
    ],
  ])('shown %s: %3$s', (_, header, code) => {
    expect(verdict(start, header)).toBe(code)
  })

  it('counts two known voices of four, when they signed', () => {
    expect(verdict(start, shown(heirs, { epoch: epoch + 500 }))).toBe('believed')
  })

  it('forgets whom it believed after fourteen days', () => {
    const header = shown(four, { epoch: epoch + 500 })
    expect(verdict(start, header, start.cutWallMs + TRUSTING_MS_MAX)).toBe('believed')
    const late = start.cutWallMs + TRUSTING_MS_MAX + 1
    expect(verdict(start, header, late)).toBe('EPOCH_TRUST_EXPIRED')
  })

  it('starts with the committee that its header names', () => {
    const value = encodeHeader(headerBy(four))
    const trusted = trustedFrom(nodeCrypto, value, heirs.committee)
    expect(trusted).toMatchObject({ code: 'EPOCH_CERTIFICATE_INVALID' })
  })

  it('reads a header that travels, and none that is too long or broken', () => {
    const header = shown(four, { epoch: epoch + 1 })
    const encoded = encodeSignedHeader(header)
    expect(decodeSignedHeader(encoded)).toEqual({ type: 'value', value: header })
    const long = new Uint8Array(MESSAGE_BYTES_MAX + 1)
    expect(decodeSignedHeader(long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    const broken = encoded.subarray(1)
    expect(decodeSignedHeader(broken)).toMatchObject({ code: 'EPOCH_MESSAGE_MALFORMED' })
  })
})

describe('a proof of a score', () => {
  const leaves = Array.from({ length: 9 }, (_, at) => utf8(`score ${at}`))
  const nodes = new Map<string, Uint8Array>()
  const tree = new MerkleTree(sha256)
  for (const leaf of leaves) {
    tree.append(leafHash(sha256, leaf), (level, at, hash) => nodes.set(`${level}/${at}`, hash))
  }
  const place = { index: 5, size: 9 }
  const path = inclusionProof(
    sha256,
    place,
    (level, at) => nodes.get(`${level}/${at}`) as Uint8Array,
  )
  const scoresRoot = tree.root()

  function proof(seats = four, change: Partial<Header> = {}): ScoreProof {
    const { value, certificate } = shown(seats, { scoresRoot, scores: 9, epoch, ...change })
    return { header: value, certificate, leaf: leaves[5] as Uint8Array, ...place, path }
  }
  const says = (made: ScoreProof, from = known(), wallMs = nowMs): string => {
    const result = verifyScoreProof(nodeCrypto, from, encodeScoreProof(made), wallMs)
    return result.type === 'refused' ? result.code : new TextDecoder().decode(result.value.leaf)
  }

  it.each<[string, ScoreProof, string]>([
    ['as it should be', proof(), 'score 5'],
    ['of a later epoch by the same committee', proof(four, { epoch: epoch + 9 }), 'score 5'],
    ['of another leaf', { ...proof(), leaf: utf8('score 6') }, 'EPOCH_PROOF_INVALID'],
    ['of another place', { ...proof(), index: 4 }, 'EPOCH_PROOF_INVALID'],
    // Nine and ten leaves have the same way from the fifth: only the header tells them apart.
    ['of another size', { ...proof(), size: 10 }, 'EPOCH_PROOF_INVALID'],
    ['with a path too short', { ...proof(), path: path.slice(1) }, 'EPOCH_PROOF_INVALID'],
    ['by a committee that is not known', proof(testCommittee(4, 9)), 'EPOCH_TRUST_EXPIRED'],
    ['of another mesh', proof(four, { network: scoresRoot }), 'EPOCH_MISMATCH'],
    [
      'with the certificate of another header',
      { ...proof(), certificate: shown(four, { epoch }).certificate },
      'EPOCH_CERTIFICATE_INVALID',
    ],
  ])('%s gives: %3$s', (_, made, result) => {
    expect(says(made)).toBe(result)
  })

  it('holds as long as what it is checked against', () => {
    const late = known().cutWallMs + TRUSTING_MS_MAX + 1
    expect(says(proof(), known(), late)).toBe('EPOCH_TRUST_EXPIRED')
  })

  it('is refused with any byte changed or missing, and when it is too long', () => {
    const encoded = encodeScoreProof(proof())
    const holds = (bytes: Uint8Array): boolean =>
      verifyScoreProof(nodeCrypto, known(), bytes, nowMs).type === 'value'
    expect(holds(encoded)).toBe(true)
    for (const [at, byte] of encoded.entries()) {
      expect(holds(encoded.with(at, byte ^ (1 << (at % 8))))).toBe(false)
      expect(holds(encoded.subarray(0, at))).toBe(false)
    }
    const long = new Uint8Array(SCORE_PROOF_BYTES_MAX + 1)
    const refused = verifyScoreProof(nodeCrypto, known(), long, nowMs)
    expect(refused).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
  })
})
