/**
 * Numbers as Negentropy writes them: digits to the base of 128, the highest first, all but the last marked.
 *
 * @module
 */

/** Bytes of the largest number, 2^53 − 1. */
const VARINT_BYTES_MAX = 8

export function encodeVarint(value: number): Uint8Array {
  const digits: number[] = [value % 128]
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift((rest % 128) | 128)
  }
  return Uint8Array.from(digits)
}

/** The number at `at`, and where it ends; undefined when there is none in its one encoding. */
export function decodeVarint(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0
  for (let index = 0; index < VARINT_BYTES_MAX; index++) {
    const byte = bytes[at + index]
    if (byte === undefined || (index === 0 && byte === 128)) return undefined
    value = value * 128 + (byte & 127)
    if (byte < 128) return Number.isSafeInteger(value) ? { value, end: at + index + 1 } : undefined
  }
  return undefined
}
