/**
 * Signatures of certificates and revocation lists: which algorithms count, and checking them.
 *
 * SHA-1 and MD5 are left out on purpose, as are RSA keys below 2048 bits: a
 * forged certificate costs little there.
 *
 * @module
 */

import { constants, type KeyObject, verify } from 'node:crypto'
import {
  contextTag,
  derContent,
  DerReader,
  endOfParameters,
  oidOf,
  unsignedOf,
} from '../encoding/der.ts'
import { OBJECT_IDENTIFIER, INTEGER, SEQUENCE } from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'

/** How a signature was made. */
export interface SignatureAlgorithm {
  readonly family: 'rsa' | 'rsa-pss' | 'ecdsa' | 'ed25519'
  /** Digest in OpenSSL's name; null where the scheme has its own. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null
}

const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  '1.2.840.113549.1.1.11': { family: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { family: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { family: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { family: 'ecdsa', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { family: 'ecdsa', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { family: 'ecdsa', hash: 'sha512' },
  '1.3.101.112': { family: 'ed25519', hash: null },
}
const RSA_PSS = '1.2.840.113549.1.1.10'
const MGF1 = '1.2.840.113549.1.1.8'
const HASHES: Readonly<Record<string, { name: 'sha256' | 'sha384' | 'sha512'; bytes: number }>> = {
  '2.16.840.1.101.3.4.2.1': { name: 'sha256', bytes: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', bytes: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', bytes: 64 },
}
const RSA_BITS_MIN = 2048

/** Reads an AlgorithmIdentifier, encoded, or refuses what is weak or unknown. */
export function signatureAlgorithm(encoded: Uint8Array): SignatureAlgorithm {
  const reader = derContent(encoded, SEQUENCE)
  const oid = oidOf(reader.read(OBJECT_IDENTIFIER))
  if (oid === RSA_PSS) return pssAlgorithm(reader)
  const algorithm = ALGORITHMS[oid]
  if (algorithm === undefined) refuse('X509_ALGORITHM', `signature algorithm ${oid}`)
  endOfParameters(reader)
  return algorithm
}

/** True when `signature` over `message` is by `key`. */
export function signatureHolds(
  algorithm: SignatureAlgorithm,
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { family, hash } = algorithm
  const type = key.asymmetricKeyType
  const wanted = { rsa: 'rsa', 'rsa-pss': 'rsa', ecdsa: 'ec', ed25519: 'ed25519' }[family]
  if (type !== wanted) return false
  if (wanted === 'rsa') {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    demand(bits >= RSA_BITS_MIN, 'X509_ALGORITHM', `RSA key of ${bits} bits`)
  }
  const padding = {
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  }
  return verify(hash, message, family === 'rsa-pss' ? { key, ...padding } : key, signature)
}

/** RSASSA-PSS-params (RFC 4055, section 3.1): one hash for both, salt as long as it. */
function pssAlgorithm(reader: DerReader): SignatureAlgorithm {
  const params = reader.enter(SEQUENCE)
  reader.end()
  const hash = hashOf(params.enter(contextTag(0)).enter(SEQUENCE))
  const mask = params.enter(contextTag(1)).enter(SEQUENCE)
  const maskOid = oidOf(mask.read(OBJECT_IDENTIFIER))
  const maskHash = hashOf(mask.enter(SEQUENCE))
  const saltBytes = unsignedOf(params.enter(contextTag(2)).read(INTEGER))
  const trailer = params.optional(contextTag(3))
  params.end()
  const usual = maskOid === MGF1 && maskHash.name === hash.name && saltBytes === hash.bytes
  if (!usual) refuse('X509_ALGORITHM', 'RSA-PSS with unusual parameters')
  if (trailer !== undefined && unsignedOf(new DerReader(trailer.content).read(INTEGER)) !== 1) {
    refuse('X509_ALGORITHM', 'RSA-PSS with an unusual trailer')
  }
  return { family: 'rsa-pss', hash: hash.name }
}

function hashOf(reader: DerReader): (typeof HASHES)[string] {
  const oid = oidOf(reader.read(OBJECT_IDENTIFIER))
  endOfParameters(reader)
  return HASHES[oid] ?? refuse('X509_ALGORITHM', `hash ${oid}`)
}
