/**
 * A quorum of one committee for one value in one round: of precommits, it decides; of prevotes, it is a polka.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { bytes, encodeShape, decodeShape, list, record, uint } from '../../core/cbor-shape.ts'
import { type Crypto, SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import { HASH_BYTES, ROUND_MAX, SEATS_MAX } from './limits.ts'
import { type Committee, quorumOf } from './seats.ts'
import {
  ballotPreimage,
  type EpochContext,
  kindNumber,
  kindOf,
  type Vote,
  type VoteKind,
} from './vote.ts'

export interface Certificate {
  readonly kind: VoteKind
  readonly round: number
  readonly value: Uint8Array
  /** A bit for each seat that signed, the first seat the lowest bit of the first byte. */
  readonly seats: Uint8Array
  /** By seat. */
  readonly signatures: readonly Uint8Array[]
}

const CERTIFICATE = record({
  precommit: uint(1),
  round: uint(ROUND_MAX),
  value: bytes(HASH_BYTES),
  seats: bytes(1, SEATS_MAX / 8),
  signatures: list(bytes(SIGNATURE_BYTES), SEATS_MAX),
})

/** Certificates as they stand in messages. */
export const CERTIFICATE_SHAPE = {
  write: ({ kind, ...rest }: Certificate) =>
    CERTIFICATE.write({ ...rest, precommit: kindNumber(kind) }),
  read: (value: Parameters<typeof CERTIFICATE.read>[0]): Certificate => {
    const { precommit, ...rest } = CERTIFICATE.read(value)
    return { ...rest, kind: kindOf(precommit) }
  },
}

/** The one encoding of a certificate. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  return encodeShape(CERTIFICATE_SHAPE, certificate)
}

/** The certificate, without a look at its signatures; undefined when the bytes are none. */
export function decodeCertificate(encoded: Uint8Array): Certificate | undefined {
  const decoded = decodeShape(CERTIFICATE_SHAPE, encoded)
  return decoded.type === 'value' ? decoded.value : undefined
}

/** The certificate that votes for one value make, the first quorum of them by seat; of as many as there are, if fewer. */
export function certificateOf(votes: readonly Vote[], committee: Committee): Certificate {
  const [first] = votes
  const chosen = votes.toSorted((a, b) => a.seat - b.seat).slice(0, quorumOf(committee.length))
  const seats = new Uint8Array(Math.ceil(committee.length / 8))
  for (const { seat } of chosen) seats[seat >> 3] = (seats[seat >> 3] as number) | (1 << (seat & 7))
  return {
    kind: first?.kind ?? 'precommit',
    round: first?.round ?? 0,
    value: first?.value ?? new Uint8Array(HASH_BYTES),
    seats,
    signatures: chosen.map(({ signature }) => signature),
  }
}

/** The seats that signed, in order; undefined when bits and signatures do not fit the committee. */
export function signersOf(
  { seats, signatures }: Certificate,
  committee: Committee,
): readonly number[] | undefined {
  if (seats.length !== Math.ceil(committee.length / 8)) return undefined
  const signers: number[] = []
  for (let seat = 0; seat < 8 * seats.length; seat++) {
    if ((((seats[seat >> 3] as number) >> (seat & 7)) & 1) === 1) signers.push(seat)
  }
  const fits = signers.length === signatures.length && (signers.at(-1) ?? -1) < committee.length
  return fits ? signers : undefined
}

/** True when exactly a quorum of the committee signed: one more signature is a second encoding of the same. */
export function isCertificateOf(
  verify: Verify,
  context: EpochContext,
  committee: Committee,
  certificate: Certificate,
): boolean {
  const signers = signersOf(certificate, committee)
  if (signers === undefined || signers.length !== quorumOf(committee.length)) return false
  const preimage = ballotPreimage(context, certificate)
  return signers.every((seat, at) => {
    const [voter, signature] = [committee[seat], certificate.signatures[at]]
    return voter !== undefined && signature !== undefined && verify(voter, preimage, signature)
  })
}

/** A value, and the quorum of precommits for it. */
export interface Decision {
  readonly value: Uint8Array
  readonly certificate: Certificate
}

/** True when a quorum of the committee precommitted the value. */
export function isDecisionOf(
  { sha256, verify }: Crypto,
  context: EpochContext,
  committee: Committee,
  { value, certificate }: Decision,
): boolean {
  return (
    certificate.kind === 'precommit' &&
    bytesEqual(sha256(value), certificate.value) &&
    isCertificateOf(verify, context, committee, certificate)
  )
}
