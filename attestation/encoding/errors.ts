/**
 * Why bytes are refused before anyone looks at what they say.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type EncodingErrorCode = 'DER_MALFORMED' | 'CBOR_MALFORMED' | 'PEM_MALFORMED'

const refusedBytes = { retryable: false, exit: 7, status: 422 } as const

export const ENCODING_ERRORS: ErrorTable<EncodingErrorCode> = {
  DER_MALFORMED: {
    meaning: 'a certificate, revocation list or extension is not strict DER',
    hint: 'check that it was copied whole; encodings that only resemble DER are refused',
    ...refusedBytes,
  },
  CBOR_MALFORMED: {
    meaning: 'a CBOR item of the evidence is malformed, nested too deep or has a key twice',
    hint: 'check that the evidence was copied whole, as bytes and not as text',
    ...refusedBytes,
  },
  PEM_MALFORMED: {
    meaning: 'a file that should hold certificates in PEM form does not',
    hint: 'PEM is base64 between BEGIN CERTIFICATE and END CERTIFICATE lines',
    ...refusedBytes,
  },
}
