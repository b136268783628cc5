/**
 * A decoder whose weights lie in files: its sizes, and what its tensors are called there.
 *
 * @module
 */

import type { DecoderShape, MatrixRole, NormRole, Slot } from '../builder/decoder-graph.ts'
import type { ModelErrorCode } from '../errors.ts'
import type { FileTensor } from './file-tensor.ts'

/** A decoder, and how it turns positions into angles. */
export interface FileDecoder extends DecoderShape {
  /** What the file calls its kind. */
  readonly architecture: string
  readonly ropeTheta: number
  /** What slows the turning of each column down, one for each pair of a head's columns; 1 where there is none. */
  readonly slowdown: readonly number[]
  /** Whether the embedding serves as the head too. */
  readonly tied: boolean
}

/** How a format of files names tensors. */
export interface TensorNames {
  /** What the weight and the bias of a place begin with. */
  readonly base: (slot: Slot<MatrixRole | NormRole>) => string
  readonly embedding: string
  /** A vector that slows down each column of the rotary positions beside `slowdown`; undefined where there is none. */
  readonly frequencies: string | undefined
  /** Tensors that a file may hold though nothing needs them. */
  readonly spare: (name: string) => boolean
}

/** The weights of a model, as its files describe them, and how it is refused. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, FileTensor>
  readonly names: TensorNames
  readonly codes: { readonly unsupported: ModelErrorCode; readonly invalid: ModelErrorCode }
}

/** What becomes of plain numbers in matrices: rounded to blocks of so many bits, or kept. */
export type Quantisation = 'none' | 'q8' | 'q4'
