/**
 * Why a key attestation of Android is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type AndroidErrorCode =
  | 'ANDROID_KEY_ORIGIN'
  | 'ANDROID_MALFORMED'
  | 'ANDROID_POSITION'
  | 'ANDROID_SECURITY_LEVEL'

const refusedKey = { retryable: false, exit: 7, status: 422 } as const

export const ANDROID_ERRORS: ErrorTable<AndroidErrorCode> = {
  ANDROID_KEY_ORIGIN: {
    meaning: 'the key was not made in the secure hardware that vouches for it',
    hint: 'let the app generate a key in the keystore; imported keys prove nothing',
    ...refusedKey,
  },
  ANDROID_MALFORMED: {
    meaning: 'the description of the key is malformed',
    hint: 'check that the chain was copied whole',
    ...refusedKey,
  },
  ANDROID_POSITION: {
    meaning: 'a certificate stands where none of its kind may stand',
    hint: 'this is how chains look that were made longer with a genuine key; do not trust the device',
    ...refusedKey,
  },
  ANDROID_SECURITY_LEVEL: {
    meaning: 'the key lives in software, or its parts in places of different security',
    hint: 'use a device with a trusted execution environment or StrongBox',
    ...refusedKey,
  },
}
