/**
 * Whether a tokenizer is of use for the model that it came with, before it is kept.
 *
 * @module
 */

import { errorCode } from '../../core/errors.ts'
import type { TextInit } from './text-codec.ts'
import { TextThread } from './text-thread.ts'

/**
 * One of a kind that is not known is kept: whoever asks in tokens needs none.
 *
 * @throws {TextError} TEXT_TOKENIZER_INVALID, TEXT_TOKENIZER_OTHER, and what its thread dies of.
 */
export async function checkTokenizer(text: TextInit): Promise<void> {
  const thread = new TextThread({ text })
  try {
    await thread.table()
  } catch (error) {
    if (errorCode(error) !== 'TEXT_TOKENIZER_UNSUPPORTED') throw error
  } finally {
    await thread.stop()
  }
}
