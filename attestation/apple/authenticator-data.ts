/**
 * Authenticator data as App Attest writes it: that of WebAuthn, section 6.1, with fields of Apple's own.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { asBytes, asMap, type CborMap, readCborPrefix } from '../encoding/cbor.ts'
import { demand } from '../errors.ts'

export interface AuthenticatorData {
  /** SHA-256 of `TEAM.bundle`. */
  readonly appIdHash: Uint8Array
  readonly counter: number
}

export interface AttestedData extends AuthenticatorData {
  readonly aaguid: Uint8Array
  readonly credentialId: Uint8Array
  /** The uncompressed point of the key: 65 bytes. */
  readonly point: Uint8Array
  /** What iOS 27 adds; undefined before. */
  readonly extensions: CborMap | undefined
}

const layout = { code: 'APPLE_MALFORMED', littleEndian: false } as const
const COORDINATE_BYTES = 32
/** Labels of a COSE key (RFC 9052, section 7; RFC 9053, section 7.1). */
const KEY_TYPE = 1
const KEY_CURVE = -1
const KEY_X = -2
const KEY_Y = -3

/** The part that assertions and attestations begin with. */
export function readAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  return readHead(new ByteReader(bytes, layout))
}

/** @throws {AttestationError} `APPLE_MALFORMED`, `CBOR_MALFORMED`. */
export function readAttestedData(bytes: Uint8Array): AttestedData {
  const reader = new ByteReader(bytes, layout)
  const head = readHead(reader)
  const aaguid = reader.take(16)
  const credentialId = reader.sized()
  const rest = reader.rest()
  const { item, length } = readCborPrefix(rest)
  const point = pointOf(asMap(item, 'key'))
  const behind = rest.subarray(length)
  if (behind.length === 0) return { ...head, aaguid, credentialId, point, extensions: undefined }
  const more = readCborPrefix(behind)
  demand(more.length === behind.length, 'APPLE_MALFORMED', 'bytes follow behind the extensions')
  return { ...head, aaguid, credentialId, point, extensions: asMap(more.item, 'extensions') }
}

function readHead(reader: ByteReader): AuthenticatorData {
  const appIdHash = reader.take(32)
  // Flags: Apple sets one bit that says nothing here.
  reader.u8()
  return { appIdHash, counter: reader.u32() }
}

function pointOf(key: CborMap): Uint8Array {
  const usual = key.get(KEY_TYPE) === 2 && key.get(KEY_CURVE) === 1
  const [x, y] = [asBytes(key.get(KEY_X), 'x'), asBytes(key.get(KEY_Y), 'y')]
  const fits = usual && x.length === COORDINATE_BYTES && y.length === COORDINATE_BYTES
  demand(fits, 'APPLE_MALFORMED', 'key is no point of P-256')
  return concatBytes([Uint8Array.of(4), x, y])
}
