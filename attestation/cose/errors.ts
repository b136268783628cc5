/**
 * Why a COSE message is refused.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type CoseErrorCode = 'COSE_MALFORMED' | 'COSE_ALGORITHM' | 'COSE_SIGNATURE'

const refusedMessage = { retryable: false, exit: 7, status: 422 } as const

export const COSE_ERRORS: ErrorTable<CoseErrorCode> = {
  COSE_MALFORMED: {
    meaning: 'the bytes are no COSE_Sign1 message',
    hint: 'check that the evidence was copied whole, as bytes and not as text',
    ...refusedMessage,
  },
  COSE_ALGORITHM: {
    meaning: 'a COSE message is signed with another algorithm than its kind demands',
    hint: 'the algorithm is fixed for each kind of evidence, so that nobody can choose a weaker one',
    ...refusedMessage,
  },
  COSE_SIGNATURE: {
    meaning: 'the signature of a COSE message does not hold',
    hint: 'the evidence was changed, or is by another key; ask the device for a new one',
    ...refusedMessage,
  },
}
