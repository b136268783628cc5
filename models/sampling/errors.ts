/**
 * Why no token is drawn.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type SamplingErrorCode =
  | 'SAMPLING_SETTINGS_INVALID'
  | 'SAMPLING_LOGITS_INVALID'
  | 'SAMPLING_NOTHING_ALLOWED'

export const SAMPLING_ERRORS: ErrorTable<SamplingErrorCode> = {
  SAMPLING_SETTINGS_INVALID: {
    meaning: 'a setting of the sampling is out of its range, or names a token that the model lacks',
    hint: 'the message names the setting and its range',
    retryable: false,
    exit: 2,
    status: 400,
  },
  SAMPLING_LOGITS_INVALID: {
    meaning: 'the model gave scores that are not numbers, or not one for each token',
    hint: 'the device that computed them is set aside and the step is repeated elsewhere; if it goes on, verify the model with `brume model verify`',
    retryable: true,
    exit: 8,
    status: 502,
  },
  SAMPLING_NOTHING_ALLOWED: {
    meaning: 'the bans and the grammar together leave no token that may come next',
    hint: 'ban fewer tokens, or loosen the grammar or schema',
    retryable: false,
    exit: 8,
    status: 422,
  },
}
