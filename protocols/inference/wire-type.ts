/**
 * Rounding at the cuts: float32 tensors travel as they are, or as IEEE 754 binary16 on slow links.
 * Each cut of a session has its type, for good: whoever holds its stages rounds at the same places.
 *
 * A float16 tensor of the graph itself never crosses a cut (executors take float32
 * only), so on an f16 link every float16 tensor is a rounded float32.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { OpenRecord } from './records.ts'

/** How float32 tensors cross a cut. */
export type WireType = 'f32' | 'f16'

/** How floats come to a stage of a session, and how they leave it. What enters and leaves the model is not rounded. */
export function wiresAt({ stage, wires }: Pick<OpenRecord, 'stage' | 'wires'>): {
  readonly arriving: WireType
  readonly leaving: WireType
} {
  return { arriving: wires[stage - 1] ?? 'f32', leaving: wires[stage] ?? 'f32' }
}

/** `tensors` as they travel. */
export function toWire(tensors: readonly Tensor[], wire: WireType): readonly Tensor[] {
  if (wire === 'f32') return tensors
  return tensors.map((tensor) => {
    if (tensor.type !== 'float32') return tensor
    const rounded = new Float16Array(floats(tensor.data))
    return { ...tensor, type: 'float16', data: new Uint8Array(rounded.buffer) }
  })
}

/** False when a value is no finite number: too large for binary16, or spoilt before. */
export function areFinite(tensors: readonly Tensor[]): boolean {
  return tensors.every(({ type, data }) => {
    if (type === 'float32') return isFinite32(floats(data))
    return type !== 'float16' || isFinite16(halves(data))
  })
}

/** `tensors` as an executor takes them. */
export function fromWire(tensors: readonly Tensor[], wire: WireType): readonly Tensor[] {
  if (wire === 'f32') return tensors
  return tensors.map((tensor) => {
    if (tensor.type !== 'float16') return tensor
    const widened = new Float32Array(new Float16Array(copied(tensor.data).buffer))
    return { ...tensor, type: 'float32', data: new Uint8Array(widened.buffer) }
  })
}

/** A loop: `every` takes four times as long, and each row of a text passes here at every stage. */
function isFinite32(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) return false
  }
  return true
}

/** All five bits of the exponent are set in infinities and in what is no number (IEEE 754, 3.4). */
function isFinite16(bits: Uint16Array): boolean {
  for (let index = 0; index < bits.length; index++) {
    if (((bits[index] ?? 0) & 0x7c00) === 0x7c00) return false
  }
  return true
}

function halves(data: Uint8Array): Uint16Array {
  const bytes = data.byteOffset % 2 === 0 ? data : copied(data)
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)
}

/** A float view, copied only when the bytes do not stand at a multiple of four. */
function floats(data: Uint8Array): Float32Array {
  const bytes = data.byteOffset % 4 === 0 ? data : copied(data)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

/** A copy with a buffer of its own: what comes from a socket may be a Buffer, whose `slice` copies nothing. */
function copied(data: Uint8Array): Uint8Array {
  return new Uint8Array(data)
}
