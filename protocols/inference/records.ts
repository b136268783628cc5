/**
 * The control records of /brume/inference/1, as canonical CBOR.
 *
 * @module
 */

import {
  bytes,
  encodeShape,
  flag,
  list,
  mapped,
  optional,
  record,
  text,
  uint,
  word,
  type Shape,
  type ShapeOf,
} from '../../core/cbor-shape.ts'
import { fromHex, toHex, utf8, concatBytes } from '../../core/bytes.ts'
import {
  asBlobId,
  asModelId,
  asPeerId,
  asSessionId,
  type BlobId,
  type ModelId,
  type PeerId,
  type SessionId,
} from '../../core/ids.ts'
import { FAULT_CODES, type FaultCode } from './faults.ts'
import { guideShape } from './guide-record.ts'
import { samplingShape } from './sampling-record.ts'
import {
  IN_FLIGHT_MAX,
  PREFIX_BLOCKS_MAX,
  REQUESTS_MAX,
  STAGES_MAX,
  TEXT_POSITIONS_MAX,
} from './limits.ts'

/** Chunk hashes that an `open` carries for its manifest: 64 MiB of manifest. */
const MANIFEST_CHUNKS_MAX = 64
const LAYERS_MAX = 65_535
const EPOCHS_MAX = 0xffff_ffff
const BYTES_MAX = 2 ** 48
const US_MAX = 2 ** 48
/** Texts that wait at one device. */
const TEXTS_WAITING_MAX = 65_535

function hex<Id extends string>(
  length: number,
  check: (value: string) => Id | undefined,
): Shape<Id> {
  return mapped(
    bytes(length),
    (raw) => check(toHex(raw)),
    (id) => fromHex(id) ?? new Uint8Array(length),
  )
}

const session: Shape<SessionId> = hex(16, asSessionId)
const model: Shape<ModelId> = hex(32, asModelId)
const blob: Shape<BlobId> = hex(32, asBlobId)
const peer: Shape<PeerId> = mapped(text(64), asPeerId, (id) => id)
const fault: Shape<FaultCode> = word(...FAULT_CODES)
const version = uint(1)

/** One stage of a route: who holds it, and since which epoch of the session. */
const routeFields = { peer, epoch: uint(EPOCHS_MAX) }
const routeStage = record(routeFields)
export type RouteStage = ShapeOf<typeof routeStage>

const route = list(routeStage, STAGES_MAX)

/** What a session is told when it is a text. */
const textShape = record({
  /** Tokens, of prompt and answer together, that the stage has to have room for. */
  positionsMax: uint(TEXT_POSITIONS_MAX),
  /** Those of the prompt. */
  promptTokens: uint(TEXT_POSITIONS_MAX),
  /** How the last stage draws. */
  sampling: samplingShape,
  /** Whether drawn tokens come with the SHA-256 of the logits behind them. */
  hashesLogits: flag(),
  /** What comes of it: tokens, or one vector, the mean of its last hidden states. */
  gives: word('tokens', 'embedding'),
  /** What the last stage lets the answer be; anything when it is not there. */
  guide: optional(guideShape),
  /** Names of the prompt's beginnings (prefix-chain.ts): a stage that has run one need not run it again. */
  prefix: optional(list(bytes(32), PREFIX_BLOCKS_MAX)),
  /** The layer behind each cut between stages, as many as `wires`: what was rounded is the same behind the same roundings only. */
  cuts: list(uint(LAYERS_MAX), STAGES_MAX - 1),
})

/** `open`: the requester asks a peer to hold one stage of a session. */
export const openShape = record({
  version,
  session,
  /** Index of the stage that this peer is to hold. */
  stage: uint(STAGES_MAX - 1),
  /** All stages, this one included. Its own epoch is the generation of this opening. */
  route,
  model,
  /** The manifest's bytes by content: fetched from the requester or any holder when missing. */
  manifest: record({
    id: blob,
    bytes: uint(BYTES_MAX),
    chunkHashes: list(bytes(32), MANIFEST_CHUNKS_MAX),
  }),
  /** The stage is the layers [fromLayer, toLayer). */
  fromLayer: uint(LAYERS_MAX),
  toLayer: uint(LAYERS_MAX),
  /** How floats cross each cut between stages, from the first one on: the same for the life of the session. */
  wires: list(word('f32', 'f16'), STAGES_MAX - 1),
  provider: word('auto', 'cpu', 'webgpu', 'cuda', 'coreml', 'directml'),
  inFlightMax: uint(IN_FLIGHT_MAX),
  /** How long one run may take before its executor is killed, in milliseconds. */
  runMsMax: uint(3_600_000),
  /** Refuse unless the stage proved the same numeric class as this one. */
  numericClass: optional(bytes(32)),
  /** A text: its steps add to keys and values that the stage keeps. */
  text: optional(textShape),
})
export type OpenRecord = ShapeOf<typeof openShape>

/** The one encoding of an `open`: its hash is what an order for the stage names. */
export function openBytes(open: OpenRecord): Uint8Array {
  return encodeShape(openShape, open)
}

/** `loading`: how far a stage is with fetching its tensors, or that its text waits for memory. */
export const loadingShape = record({
  bytesDone: uint(BYTES_MAX),
  bytesTotal: uint(BYTES_MAX),
  /** Texts that get memory there before this one; undefined when it waits for none. */
  waiting: optional(uint(TEXTS_WAITING_MAX)),
})

/** `ready`: the stage serves. */
export const readyShape = record({
  provider: text(32),
  /** SHA-256 over runtime, provider, stage and the outputs of a fixed probe: equal means equal bits. */
  numericClass: bytes(32),
  /** True when a row of a text gives the same bits alone, in any chunk and in a replay. */
  exact: flag(),
  loadMs: uint(US_MAX),
  fetchedBytes: uint(BYTES_MAX),
  weightBytes: uint(BYTES_MAX),
  /** Of a text: rows of its prompt that this stage knows, and answers without running them. */
  prefixRows: optional(uint(TEXT_POSITIONS_MAX)),
  /** One row of a text, by the test before it served, where it was measured. */
  stepUs: optional(uint(US_MAX)),
  /** What a row of another text adds to a run, where stages run several texts together. */
  besideUs: optional(uint(US_MAX)),
  /** What a row takes in a run of many, by the same test. */
  chunkUs: optional(uint(US_MAX)),
  /** Bytes of the keys and values of one row of a text. */
  keptRowBytes: optional(uint(BYTES_MAX)),
})
export type ReadyRecord = ShapeOf<typeof readyShape>

/** `attach`: a stage says to another which session what it sends on this slot belongs to. */
export const attachShape = record({
  version,
  session,
  /** Index of the sender's stage. */
  stage: uint(STAGES_MAX - 1),
  /**
   * Index of the stage that it is for: the next one, or its own where a copy goes to who takes it over.
   * One device may hold both.
   */
  to: uint(STAGES_MAX - 1),
  /** The sender's own epoch, as the route has it. */
  epoch: uint(EPOCHS_MAX),
})
export type AttachRecord = ShapeOf<typeof attachShape>

/** A successor that is being fed beside the stage that it will replace. */
const shadowShape = record({
  stage: uint(STAGES_MAX - 1),
  ...routeFields,
  /** It has all that came before this request, and is fed from there on. */
  from: uint(REQUESTS_MAX),
})
export type RouteShadow = ShapeOf<typeof shadowShape>

/** `route`: who holds which stage from now on. */
export const routeShape = record({
  route,
  /** Bit i: stage i has run all that the requester has the answers of, and needs none of it again. */
  fed: uint(2 ** STAGES_MAX - 1),
  shadow: optional(shadowShape),
})

/** `copy`: the keys and values of a text go from the holder that leaves to its successor. */
export const copyShape = record({
  /** Whether the receiver of this message is to give them, or to take them. */
  role: word('give', 'take'),
  /** The other of the two. */
  ...routeFields,
})
export type CopyRecord = ShapeOf<typeof copyShape>

/**
 * `copied`: so many rows were taken over, with all that came before a request. From the successor to
 * the holder that leaves after each chunk, and to the requester after the last one. No rows: there is
 * no copy, or none any more.
 */
export const copiedShape = record({
  request: uint(REQUESTS_MAX),
  rows: uint(TEXT_POSITIONS_MAX),
})

/**
 * `pong`: how many requests this stage has received and done, so that a silent one is told apart
 * from an idle one, and its monotonic clock, so that the requester can place its times.
 */
export const pongShape = record({
  received: uint(US_MAX),
  done: uint(US_MAX),
  /** One more than the highest request that was done. */
  reached: uint(REQUESTS_MAX),
  clockUs: uint(),
})

/** `leaving`: the device is about to take its stage back. */
export const leavingShape = record({ reason: text(64), graceMs: uint(3_600_000) })

/** `fault`: something went wrong at the sender. */
export const faultShape = record({
  code: fault,
  /** The request that it is about, when it is about one. */
  request: optional(uint(REQUESTS_MAX)),
  /** The epoch of the next stage, when the sender is well and its way to that stage is what failed. */
  nextEpoch: optional(uint(EPOCHS_MAX)),
  /** The epoch of the stage before, when the sender is well and cannot use what that one sent. */
  beforeEpoch: optional(uint(EPOCHS_MAX)),
})
export type FaultRecord = ShapeOf<typeof faultShape>

/** What one stage did in one session: the part of the receipt that only it can say. */
export const receiptShape = record({
  version,
  session,
  stage: uint(STAGES_MAX - 1),
  model,
  fromLayer: uint(LAYERS_MAX),
  toLayer: uint(LAYERS_MAX),
  provider: peer,
  requester: peer,
  numericClass: bytes(32),
  requests: uint(REQUESTS_MAX),
  /** SHA-256 over the leaves of all inputs and of all outputs, in the order of their requests. */
  inputRoot: bytes(32),
  outputRoot: bytes(32),
  computeUs: uint(US_MAX),
})
export type Receipt = ShapeOf<typeof receiptShape>

/** `receipt`: the last word of a stage. The last result of the ledger's receipt names its hash. */
export const signedReceiptShape = record({ receipt: receiptShape, signature: bytes(64) })
export type SignedReceipt = ShapeOf<typeof signedReceiptShape>

const RECEIPT_DOMAIN = utf8('brume/stage-receipt/v1\0')

/** The bytes that a stage signs for its receipt. */
export function receiptMessage(receipt: Receipt): Uint8Array {
  return concatBytes([RECEIPT_DOMAIN, encodeShape(receiptShape, receipt)])
}
