/**
 * Why what members pass on about one another is not taken.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type ConveyedErrorCode = 'ENVELOPE_MALFORMED' | 'RESULT_MALFORMED' | 'REVOCATION_MALFORMED'

const refused = { retryable: false, exit: 7, status: 422 } as const

export const CONVEYED_ERRORS: ErrorTable<ConveyedErrorCode> = {
  ENVELOPE_MALFORMED: {
    meaning: 'the evidence of an epoch is not in the form in which devices pass it on',
    hint: 'update both devices to the same version',
    ...refused,
  },
  RESULT_MALFORMED: {
    meaning: 'what a device says that it found is malformed, or not signed by it',
    hint: 'nothing is believed of it; ask the device that it is about',
    ...refused,
  },
  REVOCATION_MALFORMED: {
    meaning: 'the call to ask a device again is malformed, or not signed by whoever made it',
    hint: 'nothing follows from it',
    ...refused,
  },
}
