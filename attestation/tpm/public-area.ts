/**
 * TPM2B_PUBLIC: a key of a TPM, with what it may be used for (TPM 2.0 Library, part 2, section 12.2).
 *
 * @module
 */

import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { concatBytes, toBase64Url, toHex } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand, refuse } from '../errors.ts'
import {
  ALG_ECC,
  ALG_NULL,
  ALG_RSA,
  type TpmCurve,
  tpmCurve,
  type TpmHash,
  tpmHash,
} from './algorithms.ts'

export interface TpmPublic {
  readonly key: KeyObject
  /** SHA-256 of its SubjectPublicKeyInfo, in hex: what names it in certificates. */
  readonly keyId: string
  readonly nameHash: TpmHash
  /** Name algorithm and hash of the public area, in hex: what certifies all of the key's properties. */
  readonly name: string
  /** TPMA_OBJECT. */
  readonly attributes: number
  /** Digest of the policy under which it may be used; empty for none. */
  readonly authPolicy: Uint8Array
  /** Key size and mode of the symmetric algorithm under which a storage key wraps; undefined for a signing key. */
  readonly symmetricBits: number | undefined
  /** The scheme that it signs with, and its hash; undefined where the key leaves them open. */
  readonly scheme: { readonly algorithm: number; readonly hash: TpmHash } | undefined
  /** The curve of an ECC key; undefined for RSA. */
  readonly curve: TpmCurve | undefined
}

const FIXED_TPM = 1 << 1
const FIXED_PARENT = 1 << 4
const SENSITIVE_DATA_ORIGIN = 1 << 5
const RESTRICTED = 1 << 16
const DECRYPT = 1 << 17
const SIGN = 1 << 18
const ATTESTATION_KEY = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | RESTRICTED | SIGN
/** Bits 0, 3, 8, 9, 12 to 15 and 20 to 31 (section 8.3): reserved, or not understood here. */
const RESERVED = 0xfff0_f309
const MODE_CFB = 0x43
const RSA_EXPONENT_DEFAULT = 65_537
const NAME_PREFIX_BYTES = 2

/** Reads a TPM2B_PUBLIC that fills `bytes`. @throws {AttestationError} `TPM_MALFORMED`. */
export function readPublic(bytes: Uint8Array): TpmPublic {
  const outer = new ByteReader(bytes, { code: 'TPM_MALFORMED', littleEndian: false })
  const area = outer.sized()
  outer.end()
  const reader = new ByteReader(area, { code: 'TPM_MALFORMED', littleEndian: false })
  const type = reader.u16()
  const nameId = reader.u16()
  const nameHash = tpmHash(nameId)
  const attributes = reader.u32()
  const authPolicy = reader.sized()
  const symmetricBits = readSymmetric(reader)
  const schemeId = reader.u16()
  const scheme =
    schemeId === ALG_NULL ? undefined : { algorithm: schemeId, hash: tpmHash(reader.u16()) }
  const { jwk, curve } = readKey(type, reader)
  reader.end()
  const digest = createHash(nameHash).update(area).digest()
  const key = keyOf(jwk)
  const spki = key.export({ type: 'spki', format: 'der' })
  return {
    key,
    keyId: createHash('sha256').update(spki).digest('hex'),
    nameHash,
    name: toHex(concatBytes([area.subarray(2, 2 + NAME_PREFIX_BYTES), digest])),
    attributes,
    authPolicy,
    symmetricBits,
    scheme,
    curve,
  }
}

/**
 * Refuses a key that could sign anything but what its TPM states.
 *
 * An unrestricted key signs whatever its owner hands it: a quote made up, too.
 *
 * @throws {AttestationError} `TPM_AK_ATTRIBUTES`.
 */
export function checkAttestationKey({ attributes, scheme }: TpmPublic): void {
  const text = `attributes 0x${(attributes >>> 0).toString(16)}`
  demand((attributes & RESERVED) === 0, 'TPM_AK_ATTRIBUTES', `reserved bits in ${text}`)
  demand((attributes & DECRYPT) === 0, 'TPM_AK_ATTRIBUTES', `${text} allow decryption`)
  const complete = (attributes & ATTESTATION_KEY) === ATTESTATION_KEY
  demand(complete, 'TPM_AK_ATTRIBUTES', `${text} are not those of an attestation key`)
  demand(scheme !== undefined, 'TPM_AK_ATTRIBUTES', 'the key fixes no signing scheme')
}

function readSymmetric(reader: ByteReader): number | undefined {
  if (reader.u16() === ALG_NULL) return undefined
  const bits = reader.u16()
  if (reader.u16() !== MODE_CFB) refuse('TPM_MALFORMED', 'symmetric mode is not CFB')
  return bits
}

function readKey(
  type: number,
  reader: ByteReader,
): { jwk: JsonWebKey; curve: TpmCurve | undefined } {
  if (type === ALG_RSA) return { jwk: readRsa(reader), curve: undefined }
  if (type !== ALG_ECC) refuse('TPM_MALFORMED', `key type 0x${type.toString(16)} not accepted`)
  const curve = tpmCurve(reader.u16())
  if (reader.u16() !== ALG_NULL) refuse('TPM_MALFORMED', 'key derivation in an ECC key')
  const [x, y] = [coordinate(reader.sized(), curve), coordinate(reader.sized(), curve)]
  return { jwk: { kty: 'EC', crv: curve.jwk, x: toBase64Url(x), y: toBase64Url(y) }, curve }
}

function readRsa(reader: ByteReader): JsonWebKey {
  const bits = reader.u16()
  const exponent = reader.u32() || RSA_EXPONENT_DEFAULT
  const modulus = reader.sized()
  const fits = bits >= 2048 && bits <= 4096 && modulus.length * 8 === bits
  if (!fits || exponent !== RSA_EXPONENT_DEFAULT) {
    refuse('TPM_MALFORMED', `RSA key of ${bits} bits, exponent ${exponent}`)
  }
  return { kty: 'RSA', n: toBase64Url(modulus), e: 'AQAB' }
}

/** TPMs may leave leading zeros out. */
export function coordinate(bytes: Uint8Array, curve: TpmCurve): Uint8Array {
  if (bytes.length > curve.bytes) refuse('TPM_MALFORMED', 'coordinate longer than its field')
  return concatBytes([new Uint8Array(curve.bytes - bytes.length), bytes])
}

function keyOf(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    // OpenSSL refuses points that are not on their curve; there is nothing more to say.
    return refuse('TPM_MALFORMED', 'public key that is none')
  }
}
