/**
 * Why a model in safetensors files is refused.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type SafetensorsErrorCode =
  | 'SAFETENSORS_TRUNCATED'
  | 'SAFETENSORS_MALFORMED'
  | 'SAFETENSORS_LIMIT'
  | 'SAFETENSORS_UNSUPPORTED'
  | 'SAFETENSORS_MODEL_INVALID'

const refusedFile = { retryable: false, exit: 7, status: 422 } as const

export const SAFETENSORS_ERRORS: ErrorTable<SafetensorsErrorCode> = {
  SAFETENSORS_TRUNCATED: {
    meaning: 'the safetensors file ends before its content does',
    hint: 'copy or download the file again',
    ...refusedFile,
  },
  SAFETENSORS_MALFORMED: {
    meaning: 'the bytes are not a well-formed safetensors file, or a JSON file beside it is none',
    hint: 'check that the file is whole, and not a pointer of a large-file store',
    ...refusedFile,
  },
  SAFETENSORS_LIMIT: {
    meaning: 'the safetensors model has more or larger parts than is accepted',
    hint: 'the message names the part; no usual language model comes near these limits',
    ...refusedFile,
  },
  SAFETENSORS_UNSUPPORTED: {
    meaning: 'the model has an architecture, weights or a position scaling that Brume does not run',
    hint: 'use a LlamaForCausalLM, MistralForCausalLM or Qwen2ForCausalLM in F32, F16 or BF16, without quantisation',
    ...refusedFile,
  },
  SAFETENSORS_MODEL_INVALID: {
    meaning: 'config.json and the tensors of the safetensors files do not make up a model',
    hint: 'the message says what is missing or does not fit; keep all files of the model in one folder',
    ...refusedFile,
  },
}
