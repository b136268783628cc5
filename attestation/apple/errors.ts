/**
 * Why an attestation or assertion of Apple's App Attest is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type AppleErrorCode =
  | 'APPLE_APP'
  | 'APPLE_COUNTER'
  | 'APPLE_ENVIRONMENT'
  | 'APPLE_KEY_ID'
  | 'APPLE_MALFORMED'
  | 'APPLE_SIGNATURE'

const refusedKey = { retryable: false, exit: 7, status: 422 } as const

export const APPLE_ERRORS: ErrorTable<AppleErrorCode> = {
  APPLE_APP: {
    meaning: 'the key belongs to another app',
    hint: 'list the app as TEAM.bundle in the policy if it is meant',
    ...refusedKey,
  },
  APPLE_COUNTER: {
    meaning: 'the counter of the key has not moved on: this was seen before, or is no first use',
    hint: 'a replay is never accepted; let the app make a new assertion',
    ...refusedKey,
  },
  APPLE_ENVIRONMENT: {
    meaning: 'the key is of no known environment of App Attest',
    hint: 'production and development are known',
    ...refusedKey,
  },
  APPLE_KEY_ID: {
    meaning: 'the key, its name and the certificate do not belong together',
    hint: 'send the key id that App Attest gave for this attestation',
    ...refusedKey,
  },
  APPLE_MALFORMED: {
    meaning: 'the attestation or assertion is malformed',
    hint: 'check that it was copied whole, and decoded from base64 once',
    ...refusedKey,
  },
  APPLE_SIGNATURE: {
    meaning: 'the attested key did not sign this assertion',
    hint: 'the assertion was changed, or is of another key or other data',
    ...refusedKey,
  },
}
