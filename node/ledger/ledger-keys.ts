/**
 * Where the rows of a ledger lie: a letter for what it is, and then numbers in big endian, so that they sort.
 *
 *     e seq8            an entry                      n seq8            nodes of the tree, from a leaf on
 *     o task16 seq8     an entry of a task            r seq8 number8    a rollover, and its incarnation
 *     c half32          a half of another party       a half32 half32   the half that answers a half
 *     I incarnation8    the last head of one          H                 the last head
 *     M                 version and folder of the store
 *
 * Of the ledger of another device, which is only witnessed:
 *
 *     w incarnation8    the last head that it showed of one
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { RowRange } from './rows.ts'

export const HEAD_KEY: Uint8Array = utf8('H')
export const META_KEY: Uint8Array = utf8('M')

export function entryKey(seq: number): Uint8Array {
  return key('e', bigEndian(seq, 8))
}

/** The nodes that the leaves from `seq` on completed. */
export function nodesKey(seq: number): Uint8Array {
  return key('n', bigEndian(seq, 8))
}

export function taskKey(task: Uint8Array, seq: number): Uint8Array {
  return key('o', task, bigEndian(seq, 8))
}

export function rolloverKey(seq: number, incarnation: number): Uint8Array {
  return key('r', bigEndian(seq, 8), bigEndian(incarnation, 8))
}

export function halfKey(id: Uint8Array): Uint8Array {
  return key('c', id)
}

export function answerKey(preceding: Uint8Array, id: Uint8Array): Uint8Array {
  return key('a', preceding, id)
}

export function incarnationKey(incarnation: number): Uint8Array {
  return key('I', bigEndian(incarnation, 8))
}

export function shownKey(incarnation: number): Uint8Array {
  return key('w', bigEndian(incarnation, 8))
}

/** The rows whose keys begin with these bytes. */
export function prefixRange(prefix: Uint8Array, limit: number): RowRange {
  // No key goes on with nine bytes of 0xff: the numbers in them stay below 2^53.
  const to = concatBytes([prefix, new Uint8Array(9).fill(0xff)])
  return { from: prefix, to, limit }
}

/** The number in the last eight bytes of a key. */
export function lastNumber(bytes: Uint8Array): number {
  return bytes.subarray(-8).reduce((sum, byte) => sum * 256 + byte, 0)
}

function key(letter: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes([utf8(letter), ...parts])
}

function bigEndian(value: number, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  let rest = value
  for (let at = bytes - 1; at >= 0; at--) {
    out[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return out
}
