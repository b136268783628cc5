/**
 * Failures of the text recogniser: pictures that it cannot read, answers that are none.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

/** What went wrong, with the facts of each code. */
export type TextFailure =
  | { readonly code: 'TEXT_IMAGE_INVALID'; readonly problem: string }
  | { readonly code: 'TEXT_IMAGE_TOO_LARGE'; readonly width: number; readonly height: number }
  | { readonly code: 'TEXT_OUTPUT_INVALID'; readonly model: string; readonly problem: string }

/** A failure of reading text off a picture. */
export class TextError extends CodedError<TextFailure> {}

/** A row for each code. */
export const TEXT_ERRORS: ErrorTable<TextFailure['code']> = {
  TEXT_IMAGE_INVALID: {
    meaning: 'the file is not a PNG picture that can be decoded',
    hint: 'convert the picture to PNG and try again',
    retryable: false,
    exit: 2,
    status: 400,
  },
  TEXT_IMAGE_TOO_LARGE: {
    meaning: 'the picture has more pixels than the recogniser takes',
    hint: 'scale the picture down or cut it into parts',
    retryable: false,
    exit: 7,
    status: 413,
  },
  TEXT_OUTPUT_INVALID: {
    meaning: 'a network gave outputs that its kind of network does not give',
    hint: 'check that det, cls and rec are the models of the package named in the README',
    retryable: false,
    exit: 8,
    status: 502,
  },
}
