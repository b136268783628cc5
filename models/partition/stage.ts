/**
 * One stage of a model as an ONNX model of its own, cut out of the skeleton.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import type { Result } from '../errors.ts'
import type { BlobRef, CutTensor, Manifest } from '../manifest/manifest.ts'
import type { ModelProto } from '../onnx/proto.ts'

/** A run of layers: from `fromLayer` up to, not including, `toLayer`. */
export interface LayerRange {
  readonly fromLayer: number
  readonly toLayer: number
}

/** What a stage takes, gives and needs. */
export interface StageDescription extends LayerRange {
  /** Cut `fromLayer`: what arrives, in the order of the wire. */
  readonly receives: readonly CutTensor[]
  /** Cut `toLayer`: what leaves, in the order of the wire. Each is one of `outputs` or of `passed`. */
  readonly sends: readonly CutTensor[]
  /** Inputs of the stage's graph: those of `receives` that it computes with. */
  readonly inputs: readonly TensorSpec[]
  /** Outputs of the stage's graph: those of `sends` that it makes. */
  readonly outputs: readonly TensorSpec[]
  /** Names of `receives` that must be forwarded untouched; one may be an input too. */
  readonly passed: readonly string[]
  /** Blobs that the stage's file refers to, each once. */
  readonly blobs: readonly BlobRef[]
  readonly weightBytes: number
  readonly flops: number
}

export interface Stage {
  readonly model: ModelProto
  readonly description: StageDescription
}

/**
 * The stage of `range`, with its large weights as external data in the blob store.
 *
 * Neither skeleton nor manifest is trusted: what does not fit together is refused.
 */
export function buildStage(
  skeleton: ModelProto,
  manifest: Manifest,
  range: LayerRange,
): Result<Stage> {
  void skeleton
  void manifest
  void range
  return { type: 'refused', code: 'MODELS_RANGE_INVALID', reason: 'expected this to be written' }
}
