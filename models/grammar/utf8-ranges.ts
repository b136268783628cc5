/**
 * Ranges of characters as ranges of bytes: UTF-8 (RFC 3629, section 3) cut where a byte carries over.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { CodeRange } from './expression.ts'

/** Bytes from the first to the second, both included. */
export type ByteRange = readonly [low: number, high: number]

/** The last code points that one, two, three and four bytes can write. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff]

/** Code points that UTF-8 does not write. */
const SURROGATES: CodeRange = [0xd800, 0xdfff]

/**
 * Sequences of byte ranges that together write exactly the characters of `range`, surrogates left out.
 *
 * @example
 * ```ts
 * byteSequences([0x41, 0x5a]) // => [[[0x41, 0x5a]]]
 * ```
 */
export function byteSequences([low, high]: CodeRange): readonly (readonly ByteRange[])[] {
  const [firstSurrogate, lastSurrogate] = SURROGATES
  return [
    ...split(low, Math.min(high, firstSurrogate - 1)),
    ...split(Math.max(low, lastSurrogate + 1), high),
  ]
}

function split(low: number, high: number): readonly (readonly ByteRange[])[] {
  if (low > high) return []
  const last = LAST_OF_LENGTH.find((code) => low <= code) ?? high
  if (high > last) return [...split(low, last), ...split(last + 1, high)]
  // A range is one sequence when all of its lower bytes run through all of their values.
  for (let bits = 6; bits <= (low > 0x7f ? 18 : 0); bits += 6) {
    const mask = 2 ** bits - 1
    if ((low & ~mask) === (high & ~mask)) break
    if ((low & mask) !== 0) return [...split(low, low | mask), ...split((low | mask) + 1, high)]
    if ((high & mask) !== mask)
      return [...split(low, (high & ~mask) - 1), ...split(high & ~mask, high)]
  }
  const lows = utf8(String.fromCodePoint(low))
  const highs = utf8(String.fromCodePoint(high))
  return [Array.from(lows, (byte, index) => [byte, highs[index] ?? byte] as const)]
}
