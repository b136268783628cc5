/**
 * One stage that a simulated device holds, and the ways on which its steps come.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { Tensor } from '../core/tensor.ts'
import type {
  AttachRecord,
  FaultCode,
  InferenceMessage,
  OpenRecord,
  StageInput,
  StageMachine,
  StageOutput,
} from '../protocols/inference/index.ts'
import type { SimSlot } from './session-network.ts'
import { simHash } from './sim-hash.ts'
import type { SimLiar } from './sim-liar.ts'
import { textRun, type SimText } from './sim-text-model.ts'

export interface Attached {
  readonly from: PeerId
  readonly record: AttachRecord
  readonly link: number
  readonly answer: (message: InferenceMessage) => void
  stage: HeldStage | undefined
  readonly held: Arrival[]
  /** True once something was not held for want of room. */
  lossy: boolean
}

/** What comes on a way that a stage attached: steps, or what was drawn. */
export type Arrival = InferenceMessage & { readonly type: 'step' | 'output' | 'cache' }

export interface HeldStage {
  readonly record: OpenRecord
  readonly machine: StageMachine
  readonly feed: (input: StageInput) => void
  readonly reply: (message: InferenceMessage) => void
  readonly waiting: (StageOutput & { readonly type: 'run' })[]
  readonly liar: SimLiar
  /** Keys and values. */
  readonly text: SimText
  running: boolean
  over: boolean
  next: SimSlot | undefined
  shadow: SimSlot | undefined
  shadowEpoch: number
  /** The way to the successor that takes a copy, and the one back to who gives one. */
  copy: SimSlot | undefined
  /** When the last chunk of a copy is read or written: an executor does one after another. */
  copiedAtMs: number
  answer: ((message: InferenceMessage) => void) | undefined
}

/** The output of every simulated stage. */
export function computed(tensors: readonly Tensor[]): readonly Tensor[] {
  return tensors.map((tensor) => ({ ...tensor, data: simHash(tensor.data) }))
}

/**
 * What a stage says of its rows: so large that a copy takes several chunks, and so slow to run that
 * the length of a text and the rate of a link decide between the two ways.
 */
const KEPT_ROW_BYTES = 65_536
const CHUNK_US = 100_000

export function loaded(fault: FaultCode | undefined, loadMs: number): StageInput {
  if (fault !== undefined) return { type: 'load-failed', code: fault }
  const numericClass = new Uint8Array(32)
  const ready = {
    provider: 'cpu',
    numericClass,
    exact: true,
    loadMs: Math.round(loadMs),
    fetchedBytes: 0,
    stepUs: undefined,
    besideUs: undefined,
    chunkUs: CHUNK_US,
    keptRowBytes: KEPT_ROW_BYTES,
    weightBytes: 1,
    prefixRows: undefined,
  }
  return { type: 'loaded', ready }
}

export function made(
  { text, record }: HeldStage,
  { rows, tensors }: StageOutput & { readonly type: 'run' },
): readonly Tensor[] {
  const last = record.stage === record.route.length - 1
  return rows === undefined ? computed(tensors) : textRun(text, { rows, tensors, last })
}

/** What the holder before attached, rather than a neighbour. */
export function isCopy({ record, stage }: Attached): boolean {
  return record.stage === stage?.record.stage
}

export function arrived(attached: Attached, message: Arrival): StageInput {
  const { link } = attached
  if (message.type === 'step') return { type: 'step', link, step: message }
  if (message.type === 'cache') return { type: 'cache', link, message }
  return isCopy(attached)
    ? { type: 'kept', link, message }
    : { type: 'drawn', link, drawn: message }
}

export function leave(way: SimSlot | undefined): void {
  way?.send({ type: 'close' })
  way?.close()
}

/** What is made of such numbers is none any more. */
export function overflows(tensors: readonly Tensor[]): boolean {
  const stream = tensors.find(({ type }) => type === 'float32')
  if (stream === undefined) return false
  const view = new DataView(stream.data.buffer, stream.data.byteOffset, stream.data.byteLength)
  return stream.data.length >= 4 && view.getFloat32(0, true) > 1e30
}
