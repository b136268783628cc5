/**
 * Why a GGUF file is refused.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type GgufErrorCode =
  | 'GGUF_TRUNCATED'
  | 'GGUF_MALFORMED'
  | 'GGUF_LIMIT'
  | 'GGUF_UNSUPPORTED'
  | 'GGUF_MODEL_INVALID'
  | 'GGUF_PARTS_INVALID'

const refusedFile = { retryable: false, exit: 7, status: 422 } as const

export const GGUF_ERRORS: ErrorTable<GgufErrorCode> = {
  GGUF_TRUNCATED: {
    meaning: 'the GGUF file ends before its content does',
    hint: 'copy or download the file again',
    ...refusedFile,
  },
  GGUF_MALFORMED: {
    meaning: 'the bytes are not a well-formed GGUF file',
    hint: 'check that the file is whole, and was written by a current version of its converter',
    ...refusedFile,
  },
  GGUF_LIMIT: {
    meaning: 'the GGUF file has more or larger parts than is accepted',
    hint: 'the message names the part; no usual language model comes near these limits',
    ...refusedFile,
  },
  GGUF_UNSUPPORTED: {
    meaning:
      'the GGUF file holds an architecture, weights, a position scaling or a tokenizer that Brume does not know',
    hint: 'use a model of the Llama, Mistral or Qwen2 family in F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K',
    ...refusedFile,
  },
  GGUF_MODEL_INVALID: {
    meaning: 'the sizes and tensors of the GGUF file do not make up a model',
    hint: 'the message says what is missing or does not fit; convert the model again',
    ...refusedFile,
  },
  GGUF_PARTS_INVALID: {
    meaning:
      'the GGUF files of a model in several parts do not belong together, or one does not say which it is',
    hint: 'put all parts of one download into one folder, with the names that they came with, and import the first',
    ...refusedFile,
  },
}
