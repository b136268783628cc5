/**
 * What a model is: its graph, tensors, layers and cuts, all named by the hash of their bytes.
 *
 * The model's id is the SHA-256 of the manifest's canonical CBOR, so whoever knows
 * the id can check everything else. A model with L layers has L + 1 cuts: cut i is
 * all that layer i needs from the layers before it, cut 0 is the model's inputs and
 * cut L its outputs. A stage turns one cut into another.
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import type { TensorSpec, TensorType } from '../../core/tensor.ts'
import type { ElementType } from '../onnx/element-type.ts'
import type { LayerCaches } from '../text/caches.ts'

/** Version of the manifest's form; another version is refused. */
export const MANIFEST_FORMAT = 1

/** Bytes by their hash, and the hashes of their chunks of CHUNK_BYTES, the last one shorter. */
export interface BlobRef {
  readonly id: BlobId
  readonly bytes: number
  /** SHA-256 of each chunk in order: one for every blob but an empty one. */
  readonly chunkHashes: readonly Uint8Array[]
}

/** A weight of the model that is too large to stay in the skeleton. */
export interface ModelTensor {
  /** The initializer of the skeleton that it fills. */
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  readonly blob: BlobRef
}

/** A tensor that crosses a cut. */
export interface CutTensor {
  readonly name: string
  readonly type: TensorType
  /** Sizes measured with the sample inputs; other inputs may give other sizes, never another rank. */
  readonly dims: readonly number[]
}

/** A place where the model may be cut. */
export interface Cut {
  /** Nodes of the skeleton that stand before it. */
  readonly position: number
  /** All that is live there, in the order of the wire. */
  readonly tensors: readonly CutTensor[]
}

/** The nodes between two neighbouring cuts, with what one run of them costs at the sample sizes. */
export interface Layer {
  /** Floating-point operations, a multiply-add counted as two. */
  readonly flops: number
  /** Bytes of weights that one run reads: a table that is only looked up counts what is taken from it. */
  readonly readBytes: number
  /** Bytes of weights it must hold, shared ones included, those in the skeleton not. */
  readonly weightBytes: number
  /** Most bytes of activations that are live at once. */
  readonly activationBytes: number
  /** The weights that it needs, as ascending indexes into the manifest's tensors. */
  readonly tensors: readonly number[]
}

/** The sizes of one sample input with which costs were measured. */
export interface SampleDims {
  readonly name: string
  readonly dims: readonly number[]
}

/** How any peer makes the tensors of a built model itself, bit for bit. */
export interface Generator {
  readonly kind: 'mlp' | 'decoder'
  /** The builder's configuration in canonical CBOR, its seed included. */
  readonly config: Uint8Array
}

/** The right answer to one seeded run, in one numeric class. */
export interface KnownAnswer {
  readonly sampleSeed: number
  /** Hash of what decides the bits: runtime version, provider, artifact, options. */
  readonly numericClass: Uint8Array
  /** SHA-256 of the outputs' bytes, one after another. */
  readonly outputHash: Uint8Array
}

/**
 * What generates text with a model, so that nobody has to look into its graph.
 *
 * The names of tensors that its stages take and give beside the cuts are those of text/decoder-tensors.ts.
 */
export interface TextModel extends LayerCaches {
  /** A tokenizer.json of Hugging Face's form. */
  readonly tokenizer: BlobRef | undefined
  /** A template in Jinja that makes one text of a conversation. */
  readonly chatTemplate: string | undefined
  /** Logits of one row: tokens that the tokenizer does not know may be among them. */
  readonly vocabulary: number
  /** Longest context, in tokens. */
  readonly positionsMax: number
  /** The token of the beginning of a text. Whether a prompt begins with it is the tokenizer's say. */
  readonly beginToken: number | undefined
  /** Tokens that end an answer, each once. */
  readonly stopTokens: readonly number[]
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT
  readonly name: string
  /** Where it came from, for people. */
  readonly source: string
  /** SPDX expression, or what the importer was told. */
  readonly licence: string
  /** The ONNX model whose large initializers point to blobs. */
  readonly skeleton: BlobRef
  readonly tensors: readonly ModelTensor[]
  /** What a run needs, in the order of cut 0. */
  readonly inputs: readonly TensorSpec[]
  /** What a run gives, in the order of the last cut. */
  readonly outputs: readonly TensorSpec[]
  /** One more than there are layers. */
  readonly cuts: readonly Cut[]
  readonly layers: readonly Layer[]
  readonly samples: readonly SampleDims[]
  readonly generator: Generator | undefined
  readonly knownAnswers: readonly KnownAnswer[]
  /** Of models that generate; others run in one pass. */
  readonly text: TextModel | undefined
}
