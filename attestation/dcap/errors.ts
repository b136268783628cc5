/**
 * Why a quote of Intel SGX or TDX is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type DcapErrorCode =
  | 'DCAP_COLLATERAL_MALFORMED'
  | 'DCAP_COLLATERAL_MISSING'
  | 'DCAP_COLLATERAL_SIGNATURE'
  | 'DCAP_COLLATERAL_STALE'
  | 'DCAP_MALFORMED'
  | 'DCAP_MODULE'
  | 'DCAP_PLATFORM'
  | 'DCAP_QE_BINDING'
  | 'DCAP_QE_IDENTITY'
  | 'DCAP_QE_SIGNATURE'
  | 'DCAP_SIGNATURE'
  | 'DCAP_TCB_LEVEL'

const refusedQuote = { retryable: false, exit: 7, status: 422 } as const
const fetchAgain = { retryable: true, exit: 7, status: 422 } as const

export const DCAP_ERRORS: ErrorTable<DcapErrorCode> = {
  DCAP_COLLATERAL_MALFORMED: {
    meaning: 'collateral of Intel is malformed',
    hint: 'fetch it again, and keep the JSON byte for byte: it is signed as text',
    ...fetchAgain,
  },
  DCAP_COLLATERAL_MISSING: {
    meaning: 'there is no collateral of Intel to check this quote against',
    hint: 'fetch TCB info, QE identity and revocation lists for this platform',
    ...fetchAgain,
  },
  DCAP_COLLATERAL_SIGNATURE: {
    meaning: 'collateral is not signed by Intel',
    hint: 'fetch it again, and keep the JSON byte for byte: it is signed as text',
    ...fetchAgain,
  },
  DCAP_COLLATERAL_STALE: {
    meaning: 'collateral is past its next update, or from the future',
    hint: 'fetch it again, and check the clock of this device; collateral lives about 30 days',
    ...fetchAgain,
  },
  DCAP_MALFORMED: {
    meaning: 'the quote is malformed or of a version that is not accepted',
    hint: 'check that it was copied whole; versions 3, 4 and 5 are known',
    ...refusedQuote,
  },
  DCAP_MODULE: {
    meaning: 'the TDX module is not one that Intel vouches for',
    hint: 'the host must run a TDX module that is signed by Intel',
    ...refusedQuote,
  },
  DCAP_PLATFORM: {
    meaning: 'the platform of the certificate is not the one that the collateral is about',
    hint: 'fetch the collateral for the FMSPC of this platform',
    ...fetchAgain,
  },
  DCAP_QE_BINDING: {
    meaning: 'the quoting enclave did not vouch for the key that signed the quote',
    hint: 'the quote was changed; ask the device for a new one',
    ...refusedQuote,
  },
  DCAP_QE_IDENTITY: {
    meaning: 'the quoting enclave is not the one of Intel',
    hint: 'the host must run the quoting enclave that is signed by Intel',
    ...refusedQuote,
  },
  DCAP_QE_SIGNATURE: {
    meaning: 'the platform did not sign the report of the quoting enclave',
    hint: 'the quote was changed; ask the device for a new one',
    ...refusedQuote,
  },
  DCAP_SIGNATURE: {
    meaning: 'the attestation key did not sign this quote',
    hint: 'the quote was changed; ask the device for a new one',
    ...refusedQuote,
  },
  DCAP_TCB_LEVEL: {
    meaning: 'the firmware of the platform is below every level that Intel lists, or was revoked',
    hint: 'update the firmware of the host',
    ...refusedQuote,
  },
}
