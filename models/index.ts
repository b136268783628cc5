/**
 * The door of models: what other rooms may use of it.
 *
 * @module
 */

export { accepted, ModelError, MODEL_ERRORS } from './errors.ts'
export type { ModelErrorCode, ModelFailure, Refused, Result } from './errors.ts'
export { CHUNK_BYTES, LAYERS_MAX, MANIFEST_BYTES_MAX, SKELETON_BYTES_MAX } from './limits.ts'
export type {
  BlobRef,
  Cut,
  CutTensor,
  Generator,
  KnownAnswer,
  Layer,
  Manifest,
  ModelTensor,
  SampleDims,
  TextModel,
} from './manifest/manifest.ts'
export type { ElementType } from './onnx/element-type.ts'
export { decodeModel } from './onnx/decode.ts'
export { encodeModel, encodeModelChunks } from './onnx/encode.ts'
export type { ModelProto } from './onnx/proto.ts'
export type {
  Objective,
  Partition,
  PartitionModel,
  PlannedStage,
  StageSeat,
} from './partition/partition.ts'
export { partition, partitionModel } from './partition/partition.ts'
export { cutBytes, isLayerRange, stageNeeds } from './partition/stage-needs.ts'
export type { StageNeeds } from './partition/stage-needs.ts'
export { buildStage } from './partition/stage.ts'
export type { LayerRange, Stage, StageDescription } from './partition/stage.ts'
