/**
 * Numbers of the TPM's algorithms (TCG Algorithm Registry), as far as they are accepted here.
 *
 * @module
 */

import { refuse } from '../errors.ts'

/** Hashes by number. SHA-1 (4) is left out on purpose. */
const HASHES: Readonly<Record<number, TpmHash>> = { 0x0b: 'sha256', 0x0c: 'sha384', 0x0d: 'sha512' }

export type TpmHash = 'sha256' | 'sha384' | 'sha512'

export const HASH_BYTES: Readonly<Record<TpmHash, number>> = { sha256: 32, sha384: 48, sha512: 64 }

export const ALG_RSA = 0x01
export const ALG_NULL = 0x10
export const ALG_RSASSA = 0x14
export const ALG_RSAPSS = 0x16
export const ALG_ECDSA = 0x18
export const ALG_ECC = 0x23

/** @throws {AttestationError} `TPM_MALFORMED` for a hash that is weak or unknown. */
export function tpmHash(id: number): TpmHash {
  return HASHES[id] ?? refuse('TPM_MALFORMED', `hash algorithm 0x${id.toString(16)} not accepted`)
}

export interface TpmCurve {
  readonly jwk: 'P-256' | 'P-384'
  readonly openssl: 'prime256v1' | 'secp384r1'
  readonly bytes: number
}

const CURVES: Readonly<Record<number, TpmCurve>> = {
  3: { jwk: 'P-256', openssl: 'prime256v1', bytes: 32 },
  4: { jwk: 'P-384', openssl: 'secp384r1', bytes: 48 },
}

/** @throws {AttestationError} `TPM_MALFORMED` for a curve that is not accepted. */
export function tpmCurve(id: number): TpmCurve {
  return CURVES[id] ?? refuse('TPM_MALFORMED', `curve 0x${id.toString(16)} not accepted`)
}
