/**
 * Why a model is refused.
 *
 * Models come from strangers: inside this room a refusal is a value. The daemon
 * turns one into a {@link ModelError} when its own operator asked for the model.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../core/errors.ts'
import type { GgufErrorCode } from './gguf/errors.ts'
import type { GrammarErrorCode } from './grammar/errors.ts'
import type { SafetensorsErrorCode } from './safetensors/errors.ts'
import type { SamplingErrorCode } from './sampling/errors.ts'

/** Codes whose rows stand here; those of files with weights, grammars and sampling have tables of their own. */
type OwnErrorCode =
  | 'ONNX_TRUNCATED'
  | 'ONNX_MALFORMED'
  | 'ONNX_TOO_DEEP'
  | 'ONNX_LIMIT'
  | 'ONNX_GRAPH_INVALID'
  | 'ONNX_UNSUPPORTED'
  | 'MODELS_MANIFEST_INVALID'
  | 'MODELS_SKELETON_MISMATCH'
  | 'MODELS_RANGE_INVALID'
  | 'MODELS_NO_PARTITION'
  | 'MODELS_BUILD_INVALID'
  | 'MODELS_DECODER_UNSUPPORTED'

export type ModelErrorCode =
  | OwnErrorCode
  | GgufErrorCode
  | GrammarErrorCode
  | SafetensorsErrorCode
  | SamplingErrorCode

/** A model, or a part of one, that is not accepted. `reason` holds no text that a peer chose, but for short plain words. */
export interface Refused {
  readonly type: 'refused'
  readonly code: ModelErrorCode
  /** What was expected and what was found, in lower case. */
  readonly reason: string
}

/** A `T`, or why there is none. */
export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export interface ModelFailure {
  readonly code: ModelErrorCode
  readonly reason: string
}

/** A model that cannot be used, reported to the operator who asked for it. */
export class ModelError extends CodedError<ModelFailure> {
  constructor(failure: ModelFailure, options?: ErrorOptions) {
    super(failure, failure.reason, options)
  }
}

/** The value of `result`. @throws {ModelError} when it is a refusal. */
export function accepted<T>(result: Result<T>): T {
  if (result.type === 'value') return result.value
  throw new ModelError({ code: result.code, reason: result.reason })
}

const refusedModel = { retryable: false, exit: 7, status: 422 } as const

export const MODEL_ERRORS: ErrorTable<OwnErrorCode> = {
  ONNX_TRUNCATED: {
    meaning: 'the ONNX file, or one beside it with weights, ends before its content does',
    hint: 'copy or download the file again',
    ...refusedModel,
  },
  ONNX_MALFORMED: {
    meaning: 'the bytes are not a well-formed ONNX file',
    hint: 'check that the file is an ONNX model and not, for example, a pointer of a large-file store',
    ...refusedModel,
  },
  ONNX_TOO_DEEP: {
    meaning: 'the ONNX file nests subgraphs deeper than is accepted',
    hint: 'export the model with fewer nested If and Loop nodes',
    ...refusedModel,
  },
  ONNX_LIMIT: {
    meaning: 'the ONNX file is larger or has more parts than is accepted',
    hint: 'store large weights as external data or simplify the graph',
    ...refusedModel,
  },
  ONNX_GRAPH_INVALID: {
    meaning: 'the graph breaks a rule of ONNX, such as an input that nothing makes',
    hint: 'check the model with the ONNX checker and export it again',
    ...refusedModel,
  },
  ONNX_UNSUPPORTED: {
    meaning: 'the model uses a part of ONNX that Brume does not run',
    hint: 'export the model with standard operators and dense tensors',
    ...refusedModel,
  },
  MODELS_MANIFEST_INVALID: {
    meaning: 'the manifest of the model is not in the form that Brume writes',
    hint: 'fetch or import the model again with this version of Brume',
    ...refusedModel,
  },
  MODELS_SKELETON_MISMATCH: {
    meaning: 'the graph of the model does not fit its manifest',
    hint: 'remove the model and import it again from its original file',
    ...refusedModel,
  },
  MODELS_RANGE_INVALID: {
    meaning: 'the layers asked for are not a range of layers of this model',
    hint: 'see the layers with `brume model show`',
    retryable: false,
    exit: 2,
    status: 400,
  },
  MODELS_NO_PARTITION: {
    meaning: 'no way to cut the model fits the memory and number of the devices',
    hint: 'add a device, grant more memory, or ask for another number of stages',
    retryable: true,
    exit: 7,
    status: 409,
  },
  MODELS_DECODER_UNSUPPORTED: {
    meaning: 'the ONNX file is a decoder with caches of a form that Brume does not generate with',
    hint: 'export it with GroupQueryAttention and caches of float32, or import its GGUF or safetensors files; `--past none` imports it as a model that runs in one pass',
    ...refusedModel,
  },
  MODELS_BUILD_INVALID: {
    meaning: 'the sizes given for a built model are out of range or do not fit together',
    hint: 'see the ranges with `brume model build --help`',
    retryable: false,
    exit: 2,
    status: 400,
  },
}
