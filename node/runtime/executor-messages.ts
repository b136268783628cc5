/**
 * The control messages of an executor: what to load, what was loaded, and what went wrong.
 *
 * @module
 */

import {
  flag,
  list,
  mapped,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import {
  TENSOR_RANK_MAX,
  TENSOR_TYPES,
  type TensorSpec,
  type TensorType,
} from '../../core/tensor.ts'
import { guideShape, samplingShape, TEXT_POSITIONS_MAX } from '../../protocols/inference/index.ts'
import {
  FRAME_TENSORS_MAX,
  MESSAGE_CHARACTERS_MAX,
  NAME_CHARACTERS_MAX,
  PATH_CHARACTERS_MAX,
} from './limits.ts'
import { PROVIDERS } from './provider.ts'

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]

/** A dimension: a size, or the name that stands for one; null, in CBOR, when unknown. */
const dimension = mapped(
  record({ size: optional(uint()), name: optional(text(NAME_CHARACTERS_MAX)) }),
  ({ size, name }): number | string | null => size ?? name ?? null,
  (value) => ({
    size: typeof value === 'number' ? value : undefined,
    name: typeof value === 'string' ? value : undefined,
  }),
)

const tensorSpec = record({
  name: text(NAME_CHARACTERS_MAX),
  type: word(...TYPES),
  dims: list(dimension, TENSOR_RANK_MAX),
})

const tensorSpecs = list(tensorSpec, FRAME_TENSORS_MAX)

/** What an executor loads, and how. */
export const LOAD_MESSAGE = record({
  file: text(PATH_CHARACTERS_MAX),
  provider: word(...PROVIDERS),
  optimise: word('disabled', 'basic', 'all'),
  /** Where the optimised graph is written, when it is wanted. */
  optimisedFile: optional(text(PATH_CHARACTERS_MAX)),
})

export type LoadMessage = ShapeOf<typeof LOAD_MESSAGE>

/** What a loaded graph takes and gives. */
export const READY_MESSAGE = record({
  ortVersion: text(NAME_CHARACTERS_MAX),
  inputs: tensorSpecs,
  outputs: tensorSpecs,
})

export interface ReadyMessage {
  readonly ortVersion: string
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** What this onnxruntime is, and what an idle executor takes. */
export const SURVEYED_MESSAGE = record({
  ortVersion: text(NAME_CHARACTERS_MAX),
  backends: list(record({ name: text(NAME_CHARACTERS_MAX), bundled: uint(1) }), 64),
  /** Bytes of private writable memory, as `prlimit --data` counts them; 0 where unknown. */
  dataBytes: uint(),
})

export type SurveyedMessage = ShapeOf<typeof SURVEYED_MESSAGE>

/** Makes room for a text in a slot that is free. */
export const BEGIN_MESSAGE = record({
  slot: uint(0xffff_ffff),
  /** Rows that it may grow to. */
  positionsMax: uint(TEXT_POSITIONS_MAX),
  /** Rows that the prompt has; those behind it are the answer. */
  promptTokens: uint(TEXT_POSITIONS_MAX),
  sampling: samplingShape,
  /** Whether drawn tokens come with the SHA-256 of their logits. */
  hashesLogits: flag(),
  /** A row of it that runs without others needs no second one but in attention: it was proved here. */
  lone: optional(flag()),
  /** What is drawn is of it; the executor must have been given a vocabulary before. */
  guide: optional(guideShape),
  /** It begins with these rows of another text, and is as if they had been run. */
  after: optional(record({ slot: uint(0xffff_ffff), rows: uint(TEXT_POSITIONS_MAX) })),
})

/** As it is sent; what is not said is not there. */
export type BeginMessage = Omit<ShapeOf<typeof BEGIN_MESSAGE>, 'after' | 'lone'> &
  Partial<Pick<ShapeOf<typeof BEGIN_MESSAGE>, 'after' | 'lone'>>

/** Gives the room of a text back, or all but its first rows: others may begin with them. */
export const END_MESSAGE = record({
  slot: uint(0xffff_ffff),
  keptRows: optional(uint(TEXT_POSITIONS_MAX)),
})

export type EndMessage = ShapeOf<typeof END_MESSAGE>

/** Asks for keys and values of the rows [from, to) of a text. */
export const EXPORT_MESSAGE = record({
  slot: uint(0xffff_ffff),
  from: uint(TEXT_POSITIONS_MAX),
  to: uint(TEXT_POSITIONS_MAX),
})

/** Why a message could not be obeyed. */
export const ERROR_MESSAGE = record({
  reason: word('load', 'provider', 'memory', 'run', 'not-finite', 'guide'),
  message: text(MESSAGE_CHARACTERS_MAX),
})

export type ErrorMessage = ShapeOf<typeof ERROR_MESSAGE>
