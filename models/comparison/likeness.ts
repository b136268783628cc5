/**
 * Whether two runs of one stage gave what devices of different numeric classes may give.
 *
 * Floating point differs between processors and kernels in the last bits, a cheaper model in the first
 * ones. As TOPLOC (arXiv 2501.16007, 2025) does it: the {@link TOP_ACTIVATIONS} largest activations
 * of each tensor, rounded to bfloat16, are compared by place, exponent and mantissa. The bounds are
 * calibrated for float32 stages (docs/adr/0012-figures-of-trust.md): honest differences stay far below them, four-bit
 * weights far above.
 *
 * @module
 */

import { bytes, decodeShape, encodeShape, list, record } from '../../core/cbor-shape.ts'
import type { Tensor } from '../../core/tensor.ts'

/** Activations of one tensor that are looked at. */
export const TOP_ACTIVATIONS = 128

/** Tensors of one fingerprint. */
const TENSORS_MAX = 256

/** Of a request, at least this share of the largest activations lies at the same places, in thousandths. */
export const OVERLAP_PERMILLE_MIN = 900

/** Those at the same places differ in their mantissas by at most this on average, in steps of 2^-7. */
export const MANTISSA_MEAN_MAX = 1

/** Requests of a task of which one may be unlike the provider's: a near-tie of two activations. */
export const ALIKE_PERMILLE_MIN = 875

/** The largest activations of one tensor: places in rising order, and their values as bfloat16. */
export interface TopActivations {
  readonly places: Uint32Array
  readonly values: Uint16Array
}

/** What is kept of the outputs of one request. */
export type Fingerprint = readonly TopActivations[]

/** How close two fingerprints are. */
export interface Likeness {
  /** Largest activations that both have at the same places with the same exponent, in thousandths. */
  readonly overlapPermille: number
  /** Mean difference of their mantissas, in steps of 2^-7. */
  readonly mantissaMean: number
}

/** The fingerprint of the float32 tensors of one output; others say nothing that rounding changes. */
export function fingerprintOf(tensors: readonly Tensor[]): Fingerprint {
  return tensors
    .filter(({ type, data }) => type === 'float32' && data.length > 0)
    .slice(0, TENSORS_MAX)
    .map(({ data }) => topActivations(data))
}

/** Compares two fingerprints of one request; undefined when there is nothing to compare. */
export function likenessOf(own: Fingerprint, claimed: Fingerprint): Likeness | undefined {
  if (own.length === 0 || own.length !== claimed.length) return undefined
  let shared = 0
  let total = 0
  let mantissas = 0
  for (const [index, top] of own.entries()) {
    const other = claimed[index] as TopActivations
    const values = new Map(
      [...other.places].map((place, at) => [place, other.values[at] as number]),
    )
    total += Math.max(top.places.length, other.places.length)
    for (const [at, place] of top.places.entries()) {
      const value = values.get(place)
      const mine = top.values[at] as number
      // Sign and exponent are the upper nine bits.
      if (value === undefined || value >> 7 !== mine >> 7) continue
      shared++
      mantissas += Math.abs((value & 127) - (mine & 127))
    }
  }
  return {
    overlapPermille: Math.floor((1_000 * shared) / total),
    mantissaMean: shared === 0 ? 127 : mantissas / shared,
  }
}

/** True when two runs of a request can be of the same stage on different devices. */
export function isAlike({ overlapPermille, mantissaMean }: Likeness): boolean {
  return overlapPermille >= OVERLAP_PERMILLE_MIN && mantissaMean <= MANTISSA_MEAN_MAX
}

const FINGERPRINT = list(
  record({
    places: bytes(0, 4 * TOP_ACTIVATIONS),
    values: bytes(0, 2 * TOP_ACTIVATIONS),
  }),
  TENSORS_MAX,
)

/** The one encoding of a fingerprint: little-endian places and values. */
export function encodeFingerprint(fingerprint: Fingerprint): Uint8Array {
  return encodeShape(
    FINGERPRINT,
    fingerprint.map(({ places, values }) => ({ places: raw(places, 4), values: raw(values, 2) })),
  )
}

/** The fingerprint, or undefined for bytes that are none. */
export function decodeFingerprint(encoded: Uint8Array): Fingerprint | undefined {
  const decoded = decodeShape(FINGERPRINT, encoded)
  if (decoded.type === 'refused') return undefined
  const tops = decoded.value.map(({ places, values }) => ({
    places: Uint32Array.from(numbers(places, 4)),
    values: Uint16Array.from(numbers(values, 2)),
  }))
  const fits = decoded.value.every(
    ({ places, values }) => places.length % 4 === 0 && 2 * values.length === places.length,
  )
  const rising = tops.every(({ places }) =>
    places.every((place, at) => at === 0 || place > (places[at - 1] as number)),
  )
  return fits && rising ? tops : undefined
}

function raw(values: Uint32Array | Uint16Array, width: 4 | 2): Uint8Array {
  const encoded = new Uint8Array(width * values.length)
  const view = new DataView(encoded.buffer)
  for (const [at, value] of values.entries()) {
    if (width === 4) view.setUint32(4 * at, value, true)
    else view.setUint16(2 * at, value, true)
  }
  return encoded
}

function numbers(encoded: Uint8Array, width: 4 | 2): readonly number[] {
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength)
  return Array.from({ length: Math.floor(encoded.length / width) }, (_, at) =>
    width === 4 ? view.getUint32(4 * at, true) : view.getUint16(2 * at, true),
  )
}

/** The largest by magnitude; of equal ones the first. What is no number counts as nothing. */
function topActivations(data: Uint8Array): TopActivations {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const count = Math.floor(data.length / 4)
  const sizes = Float32Array.from({ length: count }, (_, at) => {
    const size = Math.abs(view.getFloat32(4 * at, true))
    return Number.isNaN(size) ? -1 : size
  })
  const places = largestPlaces(sizes, Math.min(count, TOP_ACTIVATIONS))
  return {
    places,
    values: Uint16Array.from(places, (place) => bfloat16(view.getUint32(4 * place, true))),
  }
}

/** Places of the `wanted` largest, in rising order. */
function largestPlaces(sizes: Float32Array, wanted: number): Uint32Array {
  const bound = sizes.toSorted().at(-wanted) ?? 0
  const above: number[] = []
  const equal: number[] = []
  for (const [place, size] of sizes.entries()) {
    if (size > bound) above.push(place)
    else if (size === bound) equal.push(place)
  }
  const chosen = [...above, ...equal.slice(0, wanted - above.length)]
  return Uint32Array.from(chosen).toSorted()
}

/** The upper half of a float32, rounded to nearest, ties to even. */
function bfloat16(bits: number): number {
  const rounded = bits + 0x7fff + ((bits >>> 16) & 1)
  return (rounded >>> 16) & 0xffff
}
