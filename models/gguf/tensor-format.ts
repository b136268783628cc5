/**
 * How a GGUF file writes the weights of a tensor (ggml_type of ggml.h).
 *
 * Every quantised form that is read here is a small integer times a scale, some plus an
 * offset: what onnxruntime's blocks hold as well. Nothing is rounded again.
 *
 * @module
 */

import type { TensorFormat } from '../checkpoint/file-tensor.ts'
import { BF16, F16, F32 } from '../checkpoint/float-format.ts'
import { Q4_0, Q4_1, Q4_K, Q5_0, Q5_1, Q5_K, Q6_K, Q8_0 } from './block-format.ts'

const FORMATS: ReadonlyMap<number, TensorFormat> = new Map<number, TensorFormat>([
  [0, F32],
  [1, F16],
  [2, Q4_0],
  [3, Q4_1],
  [6, Q5_0],
  [7, Q5_1],
  [8, Q8_0],
  [12, Q4_K],
  [13, Q5_K],
  [14, Q6_K],
  [30, BF16],
])

/** Names of forms that are not read, so that a refusal can say which it was. */
const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
])

/** The form with this number, or undefined when it is not read. */
export function tensorFormat(number: number): TensorFormat | undefined {
  return FORMATS.get(number)
}

/** What people call the form with this number. */
export function tensorFormatName(number: number): string {
  return FORMATS.get(number)?.name ?? OTHER_NAMES.get(number) ?? `type ${number}`
}
