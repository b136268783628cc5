/**
 * COSE_Sign1 (RFC 9052, section 4.2): one payload, one signature, an algorithm that the reader demands.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import { verify } from 'node:crypto'
import { encodeCbor } from '../../core/canonical-cbor.ts'
import {
  asArray,
  asBytes,
  asMap,
  type CborItem,
  type CborMap,
  CborTag,
  readCbor,
} from '../encoding/cbor.ts'
import { demand, refuse } from '../errors.ts'

export interface Sign1 {
  /** The protected header as it was signed. */
  readonly protectedBytes: Uint8Array
  readonly protected: CborMap
  readonly unprotected: CborMap
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

/** Algorithms by their number in the COSE registry. */
const ALGORITHMS = {
  ES256: { id: -7, hash: 'sha256', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { id: -35, hash: 'sha384', curve: 'secp384r1', signatureBytes: 96 },
  EdDSA: { id: -8, hash: null, curve: undefined, signatureBytes: 64 },
} as const
export type CoseAlgorithm = keyof typeof ALGORITHMS

const ALG_HEADER = 1
const CRITICAL_HEADER = 2
const SIGN1_TAG = 18

/** Reads a message, tagged or not. @throws {AttestationError} `COSE_MALFORMED`, `CBOR_MALFORMED`. */
export function readSign1(bytes: Uint8Array): Sign1 {
  const item = untagged(readCbor(bytes))
  const parts = asArray(item, 'COSE_Sign1')
  demand(parts.length === 4, 'COSE_MALFORMED', `expected 4 parts, got ${parts.length}`)
  const [head, unprotected, payload, signature] = parts
  const protectedBytes = asBytes(head, 'protected header')
  return {
    protectedBytes,
    protected: asMap(readCbor(protectedBytes), 'protected header'),
    unprotected: asMap(unprotected, 'unprotected header'),
    payload: asBytes(payload, 'payload'),
    signature: asBytes(signature, 'signature'),
  }
}

/**
 * Refuses unless `key` signed `message` by `algorithm`, which the caller fixes.
 *
 * @throws {AttestationError} `COSE_ALGORITHM`, `COSE_SIGNATURE`, `COSE_MALFORMED`.
 */
export function checkSign1(
  message: Sign1,
  algorithm: CoseAlgorithm,
  key: KeyObject,
  externalAad: Uint8Array = new Uint8Array(),
): void {
  const { id, hash, curve, signatureBytes } = ALGORITHMS[algorithm]
  const named = message.protected.get(ALG_HEADER)
  demand(named === id, 'COSE_ALGORITHM', `expected ${algorithm} (${id}), got ${numberText(named)}`)
  demand(!message.protected.has(CRITICAL_HEADER), 'COSE_MALFORMED', 'critical headers')
  const type = curve === undefined ? 'ed25519' : 'ec'
  const fits =
    key.asymmetricKeyType === type &&
    (curve === undefined || key.asymmetricKeyDetails?.namedCurve === curve)
  demand(fits, 'COSE_ALGORITHM', `the key is not one for ${algorithm}`)
  demand(
    message.signature.length === signatureBytes,
    'COSE_SIGNATURE',
    'signature of a wrong length',
  )
  const holds = verify(
    hash,
    signStructure(message, externalAad),
    curve === undefined ? key : { key, dsaEncoding: 'ieee-p1363' },
    message.signature,
  )
  demand(holds, 'COSE_SIGNATURE', 'signature does not hold')
}

/** Sig_structure of RFC 9052, section 4.4: what is really signed. */
export function signStructure(
  { protectedBytes, payload }: Pick<Sign1, 'protectedBytes' | 'payload'>,
  externalAad: Uint8Array,
): Uint8Array {
  return encodeCbor(['Signature1', protectedBytes, externalAad, payload])
}

function untagged(item: CborItem): CborItem {
  if (!(item instanceof CborTag)) return item
  if (item.tag !== SIGN1_TAG) refuse('COSE_MALFORMED', `expected tag ${SIGN1_TAG}, got ${item.tag}`)
  return item.item
}

function numberText(item: CborItem | undefined): string {
  return typeof item === 'number' ? String(item) : 'none'
}
