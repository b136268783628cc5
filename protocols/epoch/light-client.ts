/**
 * How a phone believes a header: a committee that it trusts signed it, or enough of one that it knows did.
 *
 * Skipping verification as light clients of Tendermint do it: within a trusting period, a header is
 * taken when its own committee decided it and more than a third of the committee that is known is
 * among those who signed, so that one of them is honest.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { bytes, decodeShape, encodeShape, record, type Shape } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import { type Certificate, CERTIFICATE_SHAPE, isDecisionOf, signersOf } from './certificate.ts'
import { accept, refuse, type Result } from './errors.ts'
import { decodeHeader, type Header } from './header.ts'
import { CUT_SKEW_MS_MAX, MESSAGE_BYTES_MAX, TRUSTING_MS_MAX, VALUE_BYTES_MAX } from './limits.ts'
import { type Committee, committeeRoot, committeeShape, honestSomeOf } from './seats.ts'

/** What a light client holds: a header that it believes, and the committees that it names. */
export interface TrustedHeader {
  readonly network: Uint8Array
  readonly epoch: number
  /** Hash of the header. */
  readonly id: Uint8Array
  readonly cutWallMs: number
  /** Who decided it. */
  readonly committee: Committee
  /** Hashes of the committees of the next two epochs. */
  readonly next: Uint8Array
  readonly afterNext: Uint8Array
  /** Hash of the parameters that held in it: its anchors are among them. */
  readonly parameters: Uint8Array
}

/** A header, who decided it, and that they did: what a client is shown to catch up. */
export interface SignedHeader {
  readonly value: Uint8Array
  readonly certificate: Certificate
  readonly committee: Committee
}

/** Headers as they stand in messages and files. */
export const SIGNED_HEADER: Shape<SignedHeader> = record({
  value: bytes(1, VALUE_BYTES_MAX),
  certificate: CERTIFICATE_SHAPE,
  committee: committeeShape(),
})

export function encodeSignedHeader(signed: SignedHeader): Uint8Array {
  return encodeShape(SIGNED_HEADER, signed)
}

export function decodeSignedHeader(encoded: Uint8Array): Result<SignedHeader> {
  if (encoded.length > MESSAGE_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${MESSAGE_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(SIGNED_HEADER, encoded)
  return decoded.type === 'value'
    ? accept(decoded.value)
    : refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
}

/** Where a client starts: the genesis, or a header from somebody whom it trusts. */
export function trustedFrom(
  crypto: Crypto,
  value: Uint8Array,
  committee: Committee,
): Result<TrustedHeader> {
  const header = decodeHeader(value)
  if (header.type === 'refused') return header
  if (!bytesEqual(committeeRoot(crypto.sha256, committee), header.value.committee)) {
    return refuse('EPOCH_CERTIFICATE_INVALID', 'expected the committee that the header names')
  }
  return accept(trusted(crypto, value, header.value, committee))
}

/** The later header as trusted, when it may be believed after `known`. */
export function advanceTrust(
  crypto: Crypto,
  known: TrustedHeader,
  shown: SignedHeader,
  wallMs: number,
): Result<TrustedHeader> {
  const decoded = decodeHeader(shown.value)
  if (decoded.type === 'refused') return decoded
  const header = decoded.value
  const { committee } = shown
  if (!bytesEqual(header.network, known.network) || header.epoch <= known.epoch) {
    return refuse('EPOCH_MISMATCH', 'expected a later header of this mesh')
  }
  const root = committeeRoot(crypto.sha256, committee)
  if (!bytesEqual(root, header.committee) || !isDecisionOf(crypto, header, committee, shown)) {
    return refuse('EPOCH_CERTIFICATE_INVALID', 'expected a quorum of the committee of the header')
  }
  if (!isFresh(known, header, wallMs)) {
    return refuse('EPOCH_TRUST_EXPIRED', 'expected a header within the trusting period')
  }
  return isLinked(known, header, shown)
    ? accept(trusted(crypto, shown.value, header, committee))
    : refuse('EPOCH_TRUST_EXPIRED', 'expected a header that the known committee vouches for')
}

/** Old committees may have sold their keys, and no header is of tomorrow. */
export function isFresh(known: TrustedHeader, header: Header, wallMs: number): boolean {
  const tooOld = wallMs - known.cutWallMs > TRUSTING_MS_MAX
  return !tooOld && header.cutWallMs <= wallMs + CUT_SKEW_MS_MAX
}

/** The next two committees are named in advance; later ones need an honest seat of the known one. */
function isLinked(known: TrustedHeader, header: Header, shown: SignedHeader): boolean {
  if (header.epoch === known.epoch + 1) {
    return bytesEqual(header.committee, known.next) && bytesEqual(header.parent, known.id)
  }
  if (header.epoch === known.epoch + 2) return bytesEqual(header.committee, known.afterNext)
  const signers = signersOf(shown.certificate, shown.committee) ?? []
  const voices = new Set(signers.map((seat) => shown.committee[seat]))
  const shared = known.committee.filter((seat) => voices.has(seat))
  return shared.length >= honestSomeOf(known.committee.length)
}

function trusted(
  crypto: Crypto,
  value: Uint8Array,
  header: Header,
  committee: Committee,
): TrustedHeader {
  const { network, epoch, cutWallMs, next, afterNext, parameters } = header
  const id = crypto.sha256(value)
  return { network, epoch, cutWallMs, next, afterNext, parameters, committee, id }
}
