/**
 * The chain of signatures inside a quote: platform → quoting enclave → attestation key → quote.
 *
 * It says that some platform of Intel made the quote; whether that platform is any
 * good is what the collateral tells.
 *
 * @module
 */

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bytesEqual, concatBytes, toBase64Url } from '../../core/bytes.ts'
import { demand, refuse } from '../errors.ts'
import type { DcapQuote } from './quote.ts'

/** @throws {AttestationError} `DCAP_QE_SIGNATURE`, `DCAP_QE_BINDING`, `DCAP_SIGNATURE`. */
export function checkQuoteSignatures(quote: DcapQuote, pckKey: KeyObject): void {
  const byPlatform = holds(pckKey, quote.qeReportBytes, quote.qeReportSignature)
  demand(byPlatform, 'DCAP_QE_SIGNATURE', 'report of the quoting enclave is not by the platform')
  const keyHash = createHash('sha256')
    .update(quote.attestationKey)
    .update(quote.qeAuthentication)
    .digest()
  const expected = concatBytes([keyHash, new Uint8Array(32)])
  const vouched = bytesEqual(quote.qeReport.reportData, expected)
  demand(vouched, 'DCAP_QE_BINDING', 'quoting enclave vouches for another key')
  const byKey = holds(keyOf(quote.attestationKey), quote.signedBytes, quote.signature)
  demand(byKey, 'DCAP_SIGNATURE', 'signature of the quote does not hold')
}

/** ECDSA with P-256 and SHA-256, r and s as they are. */
export function holds(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

function keyOf(point: Uint8Array): KeyObject {
  const [x, y] = [toBase64Url(point.subarray(0, 32)), toBase64Url(point.subarray(32))]
  try {
    return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  } catch {
    // A point that is not on the curve is the only reason.
    return refuse('DCAP_QE_BINDING', 'attestation key is no point of P-256')
  }
}
