/**
 * Rounding at the cuts: float32 tensors travel as they are, or as IEEE 754 binary16 on slow links.
 *
 * A float16 tensor of the graph itself never crosses a cut (executors take float32
 * only), so on an f16 link every float16 tensor is a rounded float32.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'

/** How float32 tensors cross the cuts of a session. */
export type WireType = 'f32' | 'f16'

/** `tensors` as they travel. */
export function toWire(tensors: readonly Tensor[], wire: WireType): readonly Tensor[] {
  if (wire === 'f32') return tensors
  return tensors.map((tensor) => {
    if (tensor.type !== 'float32') return tensor
    const rounded = new Float16Array(floats(tensor.data))
    return { ...tensor, type: 'float16', data: new Uint8Array(rounded.buffer) }
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

/** A float view, copied only when the bytes do not stand at a multiple of four. */
function floats(data: Uint8Array): Float32Array {
  const bytes = data.byteOffset % 4 === 0 ? data : copied(data)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

/** A copy with a buffer of its own: what comes from a socket may be a Buffer, whose `slice` copies nothing. */
function copied(data: Uint8Array): Uint8Array {
  return new Uint8Array(data)
}
