/**
 * Why collateral of a vendor is not kept.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type CollateralErrorCode =
  | 'COLLATERAL_FINGERPRINT'
  | 'COLLATERAL_INCOMPLETE'
  | 'COLLATERAL_ISSUER'
  | 'COLLATERAL_MALFORMED'
  | 'COLLATERAL_OLDER'

const refused = { retryable: false, exit: 7, status: 422 } as const

export const COLLATERAL_ERRORS: ErrorTable<CollateralErrorCode> = {
  COLLATERAL_FINGERPRINT: {
    meaning: 'a root is trusted only by its fingerprint, and this is another one or none was given',
    hint: 'compare it with what the maker publishes: `--fingerprint` takes SHA-256 of the certificate in hex',
    ...refused,
  },
  COLLATERAL_INCOMPLETE: {
    meaning: 'this collateral rests on a revocation list of its root that is not here',
    hint: "import the list of Intel's root first, or all of it as one file",
    ...refused,
  },
  COLLATERAL_ISSUER: {
    meaning: 'nobody that is known vouches for this revocation list',
    hint: 'lists of AMD and Intel are kept; give the chain of the issuer with `--issuers`',
    ...refused,
  },
  COLLATERAL_MALFORMED: {
    meaning: 'this is no collateral that is known here',
    hint: 'revocation lists in DER, signed JSON of Intel, status lists of Google and roots in PEM are read',
    ...refused,
  },
  COLLATERAL_OLDER: {
    meaning: 'this collateral is older than what is here already',
    hint: 'fetch it again: going back would let revoked keys in',
    ...refused,
  },
}
