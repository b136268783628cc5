/**
 * The door of /brume/inference/1: sessions of a model whose stages are held by several devices.
 *
 * @module
 */

export { CACHED_TOKENS } from './cache-rows.ts'
export { FAULT_CODES, type FaultCode } from './faults.ts'
export {
  INFERENCE_ERRORS,
  InferenceError,
  type InferenceCode,
  type InferenceFailure,
} from './errors.ts'
export type { Crc32 } from './frame.ts'
export {
  Generation,
  type DraftProposer,
  type GenerationEnd,
  type GenerationInit,
  type GenerationStep,
} from './generation.ts'
export { guideShape, type GuideRecord } from './guide-record.ts'
export {
  ATTACH_WAIT_MS_MAX,
  FRAME_BYTES_MAX,
  GUIDE_CHARACTERS_MAX,
  INFERENCE_PROTOCOL,
  IN_FLIGHT_MAX,
  LINKS_PER_PEER_MAX,
  MEMORY_WAIT_MS_MAX,
  MESSAGE_BYTES_MAX,
  PREFIX_BLOCK_ROWS,
  REQUESTS_MAX,
  SESSIONS_PER_LINK_MAX,
  STAGES_MAX,
  TENSORS_MAX,
  TEXT_POSITIONS_MAX,
} from './limits.ts'
export type { InferenceMessage, TensorMessage } from './messages.ts'
export { prefixChain } from './prefix-chain.ts'
export { leafOf, receiptHash, rootOf } from './receipt-roots.ts'
export {
  openBytes,
  openShape,
  receiptMessage,
  signedReceiptShape,
  type AttachRecord,
  type OpenRecord,
  type ReadyRecord,
  type Receipt,
  type RouteStage,
  type SignedReceipt,
} from './records.ts'
export { RequesterMachine } from './requester-machine.ts'
export type { Recovery, RequesterInit, RequesterInput, RequesterOutput } from './requester-types.ts'
export { GREEDY_SAMPLING, samplingShape, type SamplingRecord } from './sampling-record.ts'
export { StageMachine } from './stage-machine.ts'
export type { StageTape } from './stage-tally.ts'
export type { StageInit, StageInput, StageOutput } from './stage-types.ts'
export { pickTensors, type ExpectedTensor } from './tensor-fit.ts'
export type { Hop } from './tensor-table.ts'
export {
  DRAWN_NAMES,
  drawnOf,
  drawnTensors,
  embeddingOf,
  embeddingTensors,
  rowsOf,
  rowsTensor,
  stepTensors,
  type DrawnToken,
  type TextRows,
} from './text-rows.ts'
export { WireReader, WireWriter, type Envelope, type WireRead } from './wire.ts'
export { fromWire, toWire, wiresAt, type WireType } from './wire-type.ts'
