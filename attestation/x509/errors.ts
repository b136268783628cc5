/**
 * Why a certificate, a path of them or a revocation list is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type X509ErrorCode =
  | 'X509_ALGORITHM'
  | 'X509_ANCHOR_UNKNOWN'
  | 'X509_CRITICAL_EXTENSION'
  | 'X509_EXPIRED'
  | 'X509_ISSUER_NAME'
  | 'X509_ISSUER_NOT_CA'
  | 'X509_KEY_USAGE'
  | 'X509_NOT_YET_VALID'
  | 'X509_PATH_LENGTH'
  | 'X509_REVOKED'
  | 'X509_SIGNATURE'
  | 'CRL_MISSING'
  | 'CRL_SIGNATURE'
  | 'CRL_STALE'

const refusedPath = { retryable: false, exit: 7, status: 422 } as const
const fetchAgain = { retryable: true, exit: 7, status: 422 } as const

export const X509_ERRORS: ErrorTable<X509ErrorCode> = {
  X509_ALGORITHM: {
    meaning: 'a certificate is signed with an algorithm or key that is too weak or unknown',
    hint: 'SHA-1, MD5 and RSA below 2048 bits are never accepted',
    ...refusedPath,
  },
  X509_ANCHOR_UNKNOWN: {
    meaning: 'the certificates do not lead to a root that is pinned for this kind of evidence',
    hint: 'import the root of the vendor if you trust it; a root inside the evidence counts nothing',
    ...refusedPath,
  },
  X509_CRITICAL_EXTENSION: {
    meaning: 'a certificate has a critical extension that this verifier does not know',
    hint: 'update Brume; RFC 5280 demands that such a certificate be refused',
    ...refusedPath,
  },
  X509_EXPIRED: {
    meaning: 'a certificate is past its end',
    hint: 'check the clocks of both devices; the device must fetch a new certificate',
    ...fetchAgain,
  },
  X509_ISSUER_NAME: {
    meaning: 'a certificate was not issued by the one that stands above it',
    hint: 'the order is leaf first, each followed by its issuer',
    ...refusedPath,
  },
  X509_ISSUER_NOT_CA: {
    meaning: 'a certificate was issued by a key that may not issue certificates',
    hint: 'this is how forged chains look; do not trust the device that sent it',
    ...refusedPath,
  },
  X509_KEY_USAGE: {
    meaning: 'a certificate is used for what its key usage does not allow',
    hint: 'check that the certificate is the one of the attestation key',
    ...refusedPath,
  },
  X509_NOT_YET_VALID: {
    meaning: 'a certificate begins in the future',
    hint: 'check the clocks of both devices',
    ...fetchAgain,
  },
  X509_PATH_LENGTH: {
    meaning: 'there are more or fewer certificates than this kind of evidence has',
    hint: 'send the chain from the attestation key to its root, and nothing else',
    ...refusedPath,
  },
  X509_REVOKED: {
    meaning: 'a certificate was revoked by its issuer',
    hint: 'the key is not to be trusted any more; ask the vendor for a new one',
    ...refusedPath,
  },
  X509_SIGNATURE: {
    meaning: 'a certificate is not signed by the one that stands above it',
    hint: 'check that the chain was copied whole and belongs to the evidence',
    ...refusedPath,
  },
  CRL_MISSING: {
    meaning: 'there is no revocation list for a certificate that must be checked against one',
    hint: 'fetch collateral, or `brume attest verify --collateral FILE`',
    ...fetchAgain,
  },
  CRL_SIGNATURE: {
    meaning: 'a revocation list is not signed by the issuer that it speaks for',
    hint: 'fetch the list again from the vendor',
    ...fetchAgain,
  },
  CRL_STALE: {
    meaning: 'a revocation list is past its next update, or from the future',
    hint: 'fetch the list again, and check the clock of this device',
    ...fetchAgain,
  },
}
