/**
 * Ed25519 by the formulas of RFC 8032, section 5.1, on big integers: slow, short, and nobody else's code.
 *
 * It makes the vectors and says what must come out, so that neither library in use
 * is its own judge. Nothing but the generator runs it: it leaks its keys through timing.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { toHex } from '../core/bytes.ts'

/** The field prime. */
export const P = 2n ** 255n - 19n
/** The order of the base point. */
export const L = 2n ** 252n + 27742317777372353535851937790883648493n

/** A point in extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z. */
export interface Point {
  readonly X: bigint
  readonly Y: bigint
  readonly Z: bigint
  readonly T: bigint
}

const D = mod(-121665n * inverse(121666n))
const SQRT_MINUS_ONE = power(2n, (P - 1n) / 4n)

export const IDENTITY: Point = { X: 0n, Y: 1n, Z: 1n, T: 0n }
export const BASE = fromY(mod(4n * inverse(5n)), 0n)

/** The points of order 1, 2, 4 and 8, each a multiple of the last one. */
export const TORSION: readonly Point[] = torsion()

/** Section 5.1.4, addition. */
export function add(p: Point, q: Point): Point {
  const a = mod((p.Y - p.X) * (q.Y - q.X))
  const b = mod((p.Y + p.X) * (q.Y + q.X))
  const c = mod(p.T * 2n * D * q.T)
  const d = mod(p.Z * 2n * q.Z)
  const [e, f, g, h] = [b - a, d - c, d + c, b + a]
  return { X: mod(e * f), Y: mod(g * h), Z: mod(f * g), T: mod(e * h) }
}

export function negate(p: Point): Point {
  return { ...p, X: mod(-p.X), T: mod(-p.T) }
}

/** `scalar` times `p`, for any scalar of at least zero: nothing is reduced. */
export function times(scalar: bigint, p: Point): Point {
  let sum = IDENTITY
  let doubled = p
  for (let rest = scalar; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) sum = add(sum, doubled)
    doubled = add(doubled, doubled)
  }
  return sum
}

/** Section 5.1.2. */
export function encode(p: Point): Uint8Array {
  const z = inverse(p.Z)
  const [x, y] = [mod(p.X * z), mod(p.Y * z)]
  return littleEndian(y | ((x & 1n) << 255n))
}

/** Section 5.1.3; undefined for what it calls a failure. */
export function decode(bytes: Uint8Array): Point | undefined {
  const number = numberOf(bytes)
  const y = number & (2n ** 255n - 1n)
  const sign = number >> 255n
  if (y >= P) return undefined
  return pointAt(y, sign)
}

/** The private scalar and the public key of section 5.1.5. */
export function keyPair(seed: Uint8Array): { readonly scalar: bigint; readonly key: Uint8Array } {
  const bytes = sha512(seed).subarray(0, 32)
  bytes[0] = (bytes[0] ?? 0) & 248
  bytes[31] = ((bytes[31] ?? 0) & 63) | 64
  const scalar = numberOf(bytes)
  return { scalar, key: encode(times(scalar, BASE)) }
}

/** k of section 5.1.7, step 2, reduced. */
export function challenge(R: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return numberOf(sha512(R, key, message)) % L
}

/** The strict rule, whole: canonical A and R, neither of small order, S below L, S·B − k·A = R. */
export function verdict(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.length !== 32 || signature.length !== 64) return false
  const R = signature.subarray(0, 32)
  const S = numberOf(signature.subarray(32))
  const A = decode(key)
  if (A === undefined || decode(R) === undefined || S >= L) return false
  if (isSmall(key) || isSmall(R)) return false
  const k = challenge(R, key, message)
  const expected = encode(add(times(S, BASE), negate(times(k, A))))
  return toHex(expected) === toHex(R)
}

/** The point with this `y` and sign of `x`; undefined when none is on the curve. */
export function pointAt(y: bigint, sign: bigint): Point | undefined {
  const xx = mod((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(xx, (P + 3n) / 8n)
  if (mod(x * x - xx) !== 0n) x = mod(x * SQRT_MINUS_ONE)
  if (mod(x * x - xx) !== 0n || (x === 0n && sign === 1n)) return undefined
  if ((x & 1n) !== sign) x = P - x
  return { X: x, Y: y, Z: 1n, T: mod(x * y) }
}

export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const digest = createHash('sha512')
  for (const part of parts) digest.update(part)
  return new Uint8Array(digest.digest())
}

/** 32 bytes. */
export function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n))
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}

function isSmall(bytes: Uint8Array): boolean {
  const point = decode(bytes)
  return point !== undefined && toHex(encode(times(8n, point))) === toHex(encode(IDENTITY))
}

/** L times a point that is not in the group of the base point is one of the eight. */
function torsion(): readonly Point[] {
  for (let y = 2n; ; y++) {
    const point = pointAt(y, 0n)
    if (point === undefined) continue
    const candidate = times(L, point)
    const fourfold = toHex(encode(times(4n, candidate)))
    if (fourfold === toHex(encode(IDENTITY))) continue
    return Array.from({ length: 8 }, (_, index) => times(BigInt(index + 1), candidate))
  }
}

function fromY(y: bigint, sign: bigint): Point {
  const point = pointAt(y, sign)
  if (point === undefined) throw new Error('expected a point of the curve')
  return point
}

function mod(value: bigint): bigint {
  const rest = value % P
  return rest < 0n ? rest + P : rest
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  let square = mod(base)
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square)
    square = mod(square * square)
  }
  return result
}

function inverse(value: bigint): bigint {
  return power(value, P - 2n)
}
