/**
 * Evidence that answers everybody: an EAT (RFC 9711) in COSE_Sign1 by the key of the device.
 *
 * An answer over /brume/attest/1 convinces the one who asked. In an epoch, whose id
 * nobody could foresee, one envelope convinces all who know that id, also when
 * others pass it on. Each piece holds the same id in its own hardware-signed field; the outer
 * signature says that this device shows them together.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { utf8 } from '../../core/bytes.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { peerIdOf, PUBLIC_KEY_BYTES, publicKeyOf } from '../../core/peer-key.ts'
import { openDevicePayload, signDevicePayload } from '../cose/device-sign1.ts'
import { asArray, asBytes, asMap, type CborMap, readCbor } from '../encoding/cbor.ts'
import { encodeIntegerMap } from '../encoding/cbor-map.ts'
import { demand, refuse } from '../errors.ts'

export interface Envelope {
  /** Names it: SHA-256 of the whole envelope, of which there is one encoding. */
  readonly id: string
  readonly attester: PeerId
  /** 32 bytes that nobody could foresee before the epoch began. */
  readonly epoch: Uint8Array
  /** As the device says, in seconds since 1970: for people; the epoch is what shows freshness. */
  readonly issuedS: number
  /** As evidence-codec.ts writes them. */
  readonly pieces: readonly Uint8Array[]
}

/** Longest encoded envelope: four pieces of 640 KiB, and what is around them. */
export const ENVELOPE_BYTES_MAX = 4 * 640 * 1024 + 1_024
export const EPOCH_BYTES = 32
const PIECES_MAX = 4
const PROFILE = 'tag:brume.invalid,2026:attest-1'
const PURPOSE = utf8('brume/attest-envelope/v1')

/** Claims of CWT (RFC 8392) and EAT by their keys; those below -65536 are for private use. */
const IAT = 6
const EAT_NONCE = 10
const EAT_PROFILE = 265
const ATTESTER = -70_001
const PIECES = -70_002
const CLAIMS_COUNT = 5

/** Signs `pieces` as the evidence of `signer` in an epoch. */
export function sealEnvelope(
  signer: Signer,
  { epoch, issuedS, pieces }: Pick<Envelope, 'epoch' | 'issuedS' | 'pieces'>,
): Uint8Array {
  const key = publicKeyOf(signer.peer)
  invariant(key !== undefined, 'a PeerId carries an Ed25519 key')
  const claims = encodeIntegerMap([
    [IAT, issuedS],
    [EAT_NONCE, epoch],
    [EAT_PROFILE, PROFILE],
    [ATTESTER, key],
    [PIECES, pieces],
  ])
  return signDevicePayload(claims, PURPOSE, (message) => signer.sign(message))
}

/**
 * Opens an envelope and checks that the device which it names has signed it. Its pieces are not looked at.
 *
 * @throws {AttestationError} `ENVELOPE_MALFORMED`, and codes of COSE and CBOR.
 */
export function openEnvelope(encoded: Uint8Array, verify: Verify): Envelope {
  demand(encoded.length <= ENVELOPE_BYTES_MAX, 'ATTESTATION_LIMIT', 'envelope too large')
  const { payload, check } = openDevicePayload(encoded)
  const claims = asMap(readCbor(payload), 'claims')
  const attester = peerIdOf(sized(claims, ATTESTER, PUBLIC_KEY_BYTES))
  check(PURPOSE, (message, signature) => verify(attester, message, signature))
  // Signed by a device, which may still write what it likes.
  demand(claims.size === CLAIMS_COUNT, 'ENVELOPE_MALFORMED', `${claims.size} claims`)
  demand(claims.get(EAT_PROFILE) === PROFILE, 'ENVELOPE_MALFORMED', 'another profile')
  const issuedS = claims.get(IAT)
  if (!isInstant(issuedS)) refuse('ENVELOPE_MALFORMED', 'no time of issue')
  const pieces = asArray(claims.get(PIECES), 'pieces')
  demand(pieces.length <= PIECES_MAX, 'ATTESTATION_LIMIT', `${pieces.length} pieces`)
  return {
    id: createHash('sha256').update(encoded).digest('hex'),
    attester,
    epoch: sized(claims, EAT_NONCE, EPOCH_BYTES).slice(),
    issuedS,
    pieces: pieces.map((piece) => asBytes(piece, 'piece').slice()),
  }
}

function sized(claims: CborMap, key: number, length: number): Uint8Array {
  const bytes = asBytes(claims.get(key), 'claim')
  demand(bytes.length === length, 'ENVELOPE_MALFORMED', `claim ${key} of ${bytes.length} bytes`)
  return bytes
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
