/**
 * Why an attestation document of AWS Nitro is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type NitroErrorCode = 'NITRO_MALFORMED'

export const NITRO_ERRORS: ErrorTable<NitroErrorCode> = {
  NITRO_MALFORMED: {
    meaning: 'the document is not one that a Nitro security module makes',
    hint: 'check that it was copied whole, as bytes and not as text',
    retryable: false,
    exit: 7,
    status: 422,
  },
}
