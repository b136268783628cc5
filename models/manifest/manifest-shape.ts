/**
 * The form of a manifest in canonical CBOR, field by field.
 *
 * @module
 */

import { fromHex, toHex } from '../../core/bytes.ts'
import {
  bytes,
  list,
  mapped,
  optional,
  record,
  text,
  uint,
  word,
  type Shape,
} from '../../core/cbor-shape.ts'
import { asBlobId, type BlobId } from '../../core/ids.ts'
import { TENSOR_RANK_MAX, TENSOR_TYPES, type TensorType } from '../../core/tensor.ts'
import {
  CACHES_MAX,
  CHUNK_BYTES,
  CUT_TENSORS_MAX,
  GRAPH_NODES_MAX,
  LAYERS_MAX,
  NAME_CHARACTERS_MAX,
  PORTS_MAX,
  STOP_TOKENS_MAX,
  TEMPLATE_CHARACTERS_MAX,
  TENSOR_BYTES_MAX,
  TENSORS_MAX,
} from '../limits.ts'
import { ELEMENT_TYPES } from '../onnx/element-type.ts'
import { MANIFEST_FORMAT, type Manifest } from './manifest.ts'

const HASH_BYTES = 32
const SIZE_MAX = 2 ** 32
const SAMPLES_MAX = PORTS_MAX
const CONFIG_BYTES_MAX = 1_024
const ANSWERS_MAX = 16

const hash = bytes(HASH_BYTES)
const name = text(NAME_CHARACTERS_MAX)
const dims = list(uint(SIZE_MAX), TENSOR_RANK_MAX)
const tensorType = word(...(Object.keys(TENSOR_TYPES) as TensorType[]))

const blobId: Shape<BlobId> = mapped(
  hash,
  (value) => asBlobId(toHex(value)),
  (id) => fromHex(id) ?? new Uint8Array(HASH_BYTES),
)

const blob = record({
  id: blobId,
  bytes: uint(TENSOR_BYTES_MAX),
  chunkHashes: list(hash, TENSOR_BYTES_MAX / CHUNK_BYTES),
})

/** A size, the name of one, or neither when it is unknown. */
const portSize: Shape<number | string | null> = mapped(
  record({ size: optional(uint(SIZE_MAX)), name: optional(text(NAME_CHARACTERS_MAX)) }),
  ({ size, name: symbol }) => {
    if (size !== undefined && symbol !== undefined) return undefined
    return size ?? symbol ?? null
  },
  (size) => ({
    size: typeof size === 'number' ? size : undefined,
    name: typeof size === 'string' ? size : undefined,
  }),
)

const port = record({ name, type: tensorType, dims: list(portSize, TENSOR_RANK_MAX) })

const cut = record({
  position: uint(GRAPH_NODES_MAX),
  tensors: list(record({ name, type: tensorType, dims }), CUT_TENSORS_MAX),
})

const layer = record({
  flops: uint(),
  readBytes: uint(),
  weightBytes: uint(),
  activationBytes: uint(),
  tensors: list(uint(TENSORS_MAX), TENSORS_MAX),
})

const format: Shape<typeof MANIFEST_FORMAT> = mapped(
  uint(MANIFEST_FORMAT),
  (value) => (value === MANIFEST_FORMAT ? MANIFEST_FORMAT : undefined),
  (value) => value,
)

export const MANIFEST_SHAPE: Shape<Manifest> = record({
  format,
  name: text(128),
  source: text(512),
  licence: text(128),
  skeleton: blob,
  tensors: list(record({ name, type: word(...ELEMENT_TYPES), dims, blob }), TENSORS_MAX),
  inputs: list(port, PORTS_MAX),
  outputs: list(port, PORTS_MAX),
  cuts: list(cut, LAYERS_MAX + 1),
  layers: list(layer, LAYERS_MAX),
  samples: list(record({ name, dims }), SAMPLES_MAX),
  generator: optional(record({ kind: word('mlp', 'decoder'), config: bytes(0, CONFIG_BYTES_MAX) })),
  knownAnswers: list(
    record({ sampleSeed: uint(SIZE_MAX), numericClass: hash, outputHash: hash }),
    ANSWERS_MAX,
  ),
  text: optional(
    record({
      tokenizer: optional(blob),
      chatTemplate: optional(text(TEMPLATE_CHARACTERS_MAX)),
      vocabulary: uint(SIZE_MAX),
      positionsMax: uint(SIZE_MAX),
      kvHeads: uint(SIZE_MAX),
      headSize: uint(SIZE_MAX),
      caches: list(uint(CACHES_MAX), LAYERS_MAX),
      beginToken: optional(uint(SIZE_MAX)),
      stopTokens: list(uint(SIZE_MAX), STOP_TOKENS_MAX),
    }),
  ),
})
