/**
 * The door of models: what other rooms may use of it.
 *
 * @module
 */

export {
  ALIKE_PERMILLE_MIN,
  decodeFingerprint,
  encodeFingerprint,
  type Fingerprint,
  fingerprintOf,
  isAlike,
  type Likeness,
  likenessOf,
} from './comparison/likeness.ts'
export { accepted, ModelError, MODEL_ERRORS } from './errors.ts'
export type { ModelErrorCode, ModelFailure, Refused, Result } from './errors.ts'
export {
  CHUNK_BYTES,
  GGUF_HEAD_BYTES_MAX,
  LAYERS_MAX,
  MANIFEST_BYTES_MAX,
  SKELETON_BYTES_MAX,
  TOKENIZER_BYTES_MAX,
} from './limits.ts'
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
export {
  decodeManifest,
  encodeManifest,
  manifestBlobs,
  modelIdOf,
} from './manifest/manifest-codec.ts'
export { openDims, sampleDims, sampleInputs } from './manifest/samples.ts'
export type { OpenDims } from './manifest/samples.ts'
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
export type { HeadGives } from './partition/stage.ts'
export type { LayerRange, Stage, StageDescription, StageLocals } from './partition/stage.ts'
export { exportedDecoder, isExportedDecoder } from './exports/exported-decoder.ts'
export type { ExportedDecoder } from './exports/exported-decoder.ts'
export { exposed } from './partition/expose.ts'
export { layerModel } from './partition/layers.ts'
export type { LayeredModel } from './partition/layers.ts'
export type { Measured } from './partition/node-cost.ts'
export { blobLocation, skeletonOf, weightContents } from './partition/skeleton.ts'
export type { WeightContent } from './partition/skeleton.ts'
export { withoutExternalData } from './graph/external-data.ts'
export type { BareModel, ExternalPart } from './graph/external-data.ts'
export { declaredSpec, readGraph } from './graph/graph.ts'
export { buildModel, generatorOf } from './builder/build-model.ts'
export type { BuildConfig } from './builder/build-model.ts'
export { completed, filled, staysInGraph, weightBytes } from './builder/graph-writer.ts'
export type { BuiltGraph, BuiltWeight } from './builder/graph-writer.ts'
export { isGguf, readGguf } from './gguf/gguf-file.ts'
export type { GgufFile } from './gguf/gguf-file.ts'
export { ggufModel } from './gguf/gguf-model.ts'
export { joinedParts, partCount } from './gguf/joined-parts.ts'
export { partName, partNames } from './gguf/part-names.ts'
export { ggufText } from './gguf/gguf-text.ts'
export type { Past } from './builder/decoder-graph.ts'
export type { CheckpointModel, DecoderWish } from './checkpoint/checkpoint-model.ts'
export type { Quantisation } from './checkpoint/file-decoder.ts'
export type { FileTensor } from './checkpoint/file-tensor.ts'
export type { FileWeight } from './checkpoint/weight-rows.ts'
export {
  isSafetensors,
  LENGTH_BYTES,
  readSafetensors,
  safetensorsHeadBytes,
} from './safetensors/safetensors-file.ts'
export { safetensorsModel } from './safetensors/safetensors-model.ts'
export type { SafetensorsFolder } from './safetensors/safetensors-model.ts'
export { wordsBeside } from './safetensors/hub-words.ts'
export type { WordFiles } from './safetensors/hub-words.ts'
export { shardFiles } from './safetensors/shard-index.ts'
export type { DecoderConfig } from './builder/decoder.ts'
export type { MlpConfig } from './builder/mlp.ts'
export { cacheBytesPerToken, cacheCount, cachesOf } from './text/caches.ts'
export type { LayerCaches } from './text/caches.ts'
export { allRows, stepInputs } from './text/decoder-step.ts'
export type { DecoderStep } from './text/decoder-step.ts'
export {
  isCacheName,
  addedName,
  KEPT_ROWS,
  NEW_ROWS,
  LAST_POSITIONS,
  localNames,
  localTensors,
  LOGITS,
  pastNames,
  presentNames,
  ROWS,
  streamName,
  TEXT_ROWS,
  TOKENS,
  TOTAL_LENGTH,
} from './text/decoder-tensors.ts'
export type { CacheNames, CacheShape, LocalTensors } from './text/decoder-tensors.ts'
export { severalTexts } from './text/several-texts.ts'
export { NO_WORDS } from './text/text-outline.ts'
export type { TextOutline, TextWords } from './text/text-outline.ts'
export { fileOrder } from './graph/order.ts'
export { arranged } from './graph/prune.ts'
export { model, node, tensorProto, valueInfo } from './onnx/author.ts'
export { samplerOf } from './sampling/sampler.ts'
export type { Sampled, Sampler, SamplingContext } from './sampling/sampler.ts'
export { SamplingMemory } from './sampling/sampling-memory.ts'
export { DEFAULT_SAMPLING, MICRO } from './sampling/sampling-settings.ts'
export type { LogitBias, SamplingSettings } from './sampling/sampling-settings.ts'
export type { TokenLogprob } from './sampling/log-probabilities.ts'
export type { TokenConstraint, TokenMask } from './sampling/token-constraint.ts'
export { TokenHistory } from './sampling/token-history.ts'
export { verifyDraft } from './sampling/verify-draft.ts'
export type { DraftWindow, Verified } from './sampling/verify-draft.ts'
export { compiledGrammar } from './grammar/compiled-grammar.ts'
export type { CompiledGrammar } from './grammar/compiled-grammar.ts'
export type { Grammar } from './grammar/expression.ts'
export { gbnfGrammar } from './grammar/gbnf.ts'
export { guideGrammar, guideRefusal, type Guide } from './grammar/guide.ts'
export { jsonObjectGrammar, jsonSchemaGrammar } from './grammar/json/schema-grammar.ts'
export { TokenVocabulary } from './grammar/token-vocabulary.ts'
export { DraftPolicy } from './speculation/draft-policy.ts'
export type { DraftPass, DraftPolicyInit } from './speculation/draft-policy.ts'
export { PromptLookup } from './speculation/prompt-lookup.ts'
export type { Draft, PromptLookupInit } from './speculation/prompt-lookup.ts'
