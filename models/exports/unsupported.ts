/**
 * How a decoder of another form is refused.
 *
 * @module
 */

import { refuse } from '../refuse.ts'

/** Ends with the refusal of a decoder. */
export function unsupported(expected: string): never {
  return refuse('MODELS_DECODER_UNSUPPORTED', `expected a decoder with ${expected}`)
}
