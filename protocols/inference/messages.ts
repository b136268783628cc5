/**
 * The messages of /brume/inference/1, typed, and their bodies.
 *
 * @module
 */

import { decodeShape, encodeShape, type Shape } from '../../core/cbor-shape.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { Frame, FrameType } from './frame.ts'
import {
  attachShape,
  copiedShape,
  copyShape,
  faultShape,
  leavingShape,
  loadingShape,
  openShape,
  pongShape,
  readyShape,
  routeShape,
  signedReceiptShape,
  type AttachRecord,
  type CopyRecord,
  type FaultRecord,
  type OpenRecord,
  type ReadyRecord,
  type RouteShadow,
  type RouteStage,
  type SignedReceipt,
} from './records.ts'
import { REQUESTS_MAX, TENSORS_MAX } from './limits.ts'
import { decodeTensorBody, encodeTensorBody, type Hop } from './tensor-table.ts'

/** The tensors of one request at one cut. */
export interface TensorMessage {
  readonly request: number
  readonly hops: readonly Hop[]
  readonly tensors: readonly Tensor[]
  /** First 8 bytes of the leaf of these tensors. */
  readonly leaf: Uint8Array
}

export type InferenceMessage =
  | { readonly type: 'open'; readonly record: OpenRecord }
  | {
      readonly type: 'loading'
      readonly bytesDone: number
      readonly bytesTotal: number
      readonly waiting: number | undefined
    }
  | { readonly type: 'ready'; readonly record: ReadyRecord }
  | { readonly type: 'attach'; readonly record: AttachRecord }
  | ({ readonly type: 'step' } & TensorMessage)
  | ({ readonly type: 'output' } & TensorMessage)
  /** Every request below this one has reached the requester: journals may forget them. */
  | { readonly type: 'release'; readonly request: number }
  /** The first stage may make every step of a text below this one from what the last stage drew. */
  | { readonly type: 'free'; readonly request: number }
  | {
      readonly type: 'route'
      readonly route: readonly RouteStage[]
      readonly fed: number
      readonly shadow: RouteShadow | undefined
    }
  | { readonly type: 'ping' }
  | {
      readonly type: 'pong'
      readonly received: number
      readonly done: number
      readonly reached: number
      readonly clockUs: number
    }
  | { readonly type: 'leaving'; readonly reason: string; readonly graceMs: number }
  | { readonly type: 'close' }
  | { readonly type: 'receipt'; readonly signed: SignedReceipt }
  | { readonly type: 'fault'; readonly record: FaultRecord }
  | { readonly type: 'copy'; readonly record: CopyRecord }
  /** Keys and values of some rows (cache-rows.ts); every request below `request` is in them. */
  | ({ readonly type: 'cache' } & TensorMessage)
  | { readonly type: 'copied'; readonly request: number; readonly rows: number }

/** What goes on the wire of a message beside its frame header's own fields. */
export interface MessageBody {
  readonly request: number
  readonly tensors: number
  readonly leaf: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

/** A leaf that says nothing. */
const NO_LEAF = new Uint8Array(8)

/** Types of messages that carry tensors. */
const TENSOR_TYPES = ['step', 'output', 'cache'] as const
type TensorType = (typeof TENSOR_TYPES)[number]

/** Whether messages of `type` carry tensors. */
export function isTensorType(type: FrameType): type is TensorType {
  return (TENSOR_TYPES as readonly FrameType[]).includes(type)
}

/** The body of `message`, in pieces; tensors are not copied. */
export function encodeMessage(message: InferenceMessage): MessageBody {
  if (carriesTensors(message)) {
    return {
      request: message.request,
      tensors: message.tensors.length,
      leaf: message.leaf,
      pieces: encodeTensorBody(message),
    }
  }
  if (message.type === 'release' || message.type === 'free') return body([], message.request)
  if (message.type === 'ping' || message.type === 'close') return body([])
  return body(control(message))
}

function body(pieces: readonly Uint8Array[], request: number = 0): MessageBody {
  return { request, tensors: 0, leaf: NO_LEAF, pieces }
}

type ControlMessage = InferenceMessage & { readonly type: ControlType }

function control(message: ControlMessage): readonly Uint8Array[] {
  switch (message.type) {
    case 'open':
      return [encodeShape(openShape, message.record)]
    case 'loading':
      return [encodeShape(loadingShape, message)]
    case 'ready':
      return [encodeShape(readyShape, message.record)]
    case 'attach':
      return [encodeShape(attachShape, message.record)]
    case 'route':
      return [encodeShape(routeShape, message)]
    case 'pong':
      return [encodeShape(pongShape, message)]
    case 'leaving':
      return [encodeShape(leavingShape, message)]
    case 'receipt':
      return [encodeShape(signedReceiptShape, message.signed)]
    case 'fault':
      return [encodeShape(faultShape, message.record)]
    case 'copy':
      return [encodeShape(copyShape, message.record)]
    case 'copied':
      return [encodeShape(copiedShape, message)]
  }
}

/** The message of a whole body, or undefined when it is none. `first` is the header of its first frame. */
export function decodeMessage(first: Frame, whole: Uint8Array): InferenceMessage | undefined {
  const { type, request } = first
  if (isTensorType(type)) return decodeTensors(type, first, whole)
  if (type === 'release' || type === 'free') {
    return whole.length === 0 && request <= REQUESTS_MAX ? { type, request } : undefined
  }
  if (type === 'ping' || type === 'close') return whole.length === 0 ? { type } : undefined
  return decodeControl(type, whole)
}

function carriesTensors(
  message: InferenceMessage,
): message is Extract<InferenceMessage, { readonly type: TensorType }> {
  return isTensorType(message.type)
}

function decodeTensors(
  type: TensorType,
  first: Frame,
  whole: Uint8Array,
): InferenceMessage | undefined {
  if (first.tensors > TENSORS_MAX || first.request >= REQUESTS_MAX) return undefined
  const decoded = decodeTensorBody(whole, first.tensors)
  if (decoded === undefined) return undefined
  return { type, request: first.request, leaf: first.leaf.slice(), ...decoded }
}

type ControlType = Exclude<FrameType, TensorType | 'release' | 'free' | 'ping' | 'close'>

function decodeControl(type: ControlType, whole: Uint8Array): InferenceMessage | undefined {
  switch (type) {
    case 'open':
      return read(openShape, whole, (record) => ({ type, record }))
    case 'loading':
      return read(loadingShape, whole, (fields) => ({ type, ...fields }))
    case 'ready':
      return read(readyShape, whole, (record) => ({ type, record }))
    case 'attach':
      return read(attachShape, whole, (record) => ({ type, record }))
    case 'route':
      return read(routeShape, whole, (fields) => ({ type, ...fields }))
    case 'pong':
      return read(pongShape, whole, (fields) => ({ type, ...fields }))
    case 'leaving':
      return read(leavingShape, whole, (fields) => ({ type, ...fields }))
    case 'receipt':
      return read(signedReceiptShape, whole, (signed) => ({ type, signed }))
    case 'fault':
      return read(faultShape, whole, (record) => ({ type, record }))
    case 'copy':
      return read(copyShape, whole, (record) => ({ type, record }))
    case 'copied':
      return read(copiedShape, whole, (fields) => ({ type, ...fields }))
  }
}

function read<T>(
  shape: Shape<T>,
  whole: Uint8Array,
  build: (value: T) => InferenceMessage,
): InferenceMessage | undefined {
  const decoded = decodeShape(shape, whole)
  return decoded.type === 'value' ? build(decoded.value) : undefined
}
