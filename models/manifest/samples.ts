/**
 * Inputs made up from a seed, to measure and compare models: the same on every device.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { tensorBytes, TENSOR_TYPES, type Tensor, type TensorSpec } from '../../core/tensor.ts'

/** Sizes for dimensions that a model leaves open, by their name. */
export type OpenDims = Readonly<Record<string, number>>

/** What an open dimension gets: one row of a batch, a picture of 320 by 320, sixteen steps of a sequence. */
const OPEN_ROWS = 1
const OPEN_PIXELS = 320
const OPEN_STEPS = 16
/** Batch, channels, height, width. */
const PICTURE_RANK = 4
const PICTURE_CHANNELS: ReadonlySet<unknown> = new Set([1, 3, 4])

/**
 * The size of each dimension of an input: what the model says, else what `open` says.
 *
 * An unknown dimension of an input `x` is called `x.0`, `x.1` and so on, counted from the outermost.
 *
 * @example
 * ```ts
 * sampleDims({ name: 'x', type: 'float32', dims: [null, 3, 'H'] }, { H: 48 }) // => [1, 3, 48]
 * ```
 */
export function sampleDims(spec: TensorSpec, open: OpenDims): readonly number[] {
  const isPicture = spec.dims.length === PICTURE_RANK && PICTURE_CHANNELS.has(spec.dims[1])
  return spec.dims.map((size, axis) => {
    if (typeof size === 'number') return size
    const usual = axis === 0 ? OPEN_ROWS : isPicture ? OPEN_PIXELS : OPEN_STEPS
    return open[`${spec.name}.${axis}`] ?? open[size ?? ''] ?? usual
  })
}

/** Names under which the open dimensions of `specs` may be set. */
export function openDims(specs: readonly TensorSpec[]): readonly string[] {
  const names = specs.flatMap((spec) =>
    spec.dims.flatMap((size, axis) => {
      if (typeof size === 'number') return []
      return [`${spec.name}.${axis}`, ...(size === null ? [] : [size])]
    }),
  )
  return [...new Set(names)]
}

/** One sample for each of `specs`, with these sizes. */
export function sampleInputs(
  specs: readonly TensorSpec[],
  sizes: readonly (readonly number[])[],
  seed: number,
): readonly Tensor[] {
  return specs.map((spec, index) => sampleTensor(spec, sizes[index] ?? [], seed + index))
}

/**
 * A tensor of pseudo-random elements: fractions in [-1, 1) for floating-point types, else integers 0 or 1.
 *
 * Small integers are valid as token ids, masks and positions of nearly every model.
 */
export function sampleTensor(spec: TensorSpec, dims: readonly number[], seed: number): Tensor {
  const { name, type } = spec
  const random = SeededRandom.fromInteger(seed)
  const data = new Uint8Array(tensorBytes(type, dims))
  const view = new DataView(data.buffer)
  const size = TENSOR_TYPES[type]
  for (let at = 0; at < data.length; at += size) {
    const draw = random.uint32()
    // 24 bits are exact in every step, so that all platforms agree on each element.
    const fraction = (draw >>> 8) / 2 ** 23 - 1
    if (type === 'float32') view.setFloat32(at, fraction, true)
    else if (type === 'float64') view.setFloat64(at, fraction, true)
    // 0x3800 to 0x3bff are the halves from 0.5 up to 1.
    else if (type === 'float16') view.setUint16(at, 0x3800 | (draw & 0x3ff), true)
    else view.setUint8(at, draw >>> 31)
  }
  return { name, type, dims, data }
}
