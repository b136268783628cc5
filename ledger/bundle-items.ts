/**
 * The file in which a ledger travels: a CBOR sequence (RFC 8742) of items `[type, bytes]`.
 *
 *     preamble  edge?  ( entry | half | head | evidence )*  end
 *
 * Entries stand in order, a head after the last entry that it is over, a half of the other
 * party's after the half that it answers. The last head is over all entries. One item is
 * needed in memory at a time.
 *
 * @module
 */

import { encodeCbor } from '../core/canonical-cbor.ts'
import { bytes, encodeShape, list, record, type ShapeOf, uint } from '../core/cbor-shape.ts'
import { SIGNATURE_BYTES } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import { ENTRY_KINDS } from './entry.ts'
import type { SignedHalf } from './halves.ts'
import { SIGNED_HEAD } from './head.ts'
import { HALF_BODY_BYTES_MAX, LEDGER_VERSION } from './limits.ts'
import { HASH_BYTES } from './signing.ts'
import { version } from './versioned.ts'

/** What the bytes of an item are. */
export const ITEM_TYPES = {
  preamble: 0,
  edge: 1,
  entry: 2,
  head: 3,
  half: 4,
  evidence: 5,
  end: 6,
} as const

export const PREAMBLE = record({
  v: version(),
  network: bytes(HASH_BYTES),
  device: peerId(),
  /** The first entry that is in the bundle. */
  from: uint(),
  /** That of the entry before. */
  incarnation: uint(),
})

/** Whose ledger this is, and from where on. */
export type Preamble = Omit<ShapeOf<typeof PREAMBLE>, 'v'>

/** Roots of the complete subtrees over the entries before `from`, of which there are at most 2^53. */
export const EDGE = list(bytes(HASH_BYTES), 53)

export const OTHER_HALF = record({
  /** The kind of entry that holds such a half. */
  kind: uint(255),
  body: bytes(1, HALF_BODY_BYTES_MAX),
  signature: bytes(SIGNATURE_BYTES),
})

export const END = record({ v: version(), entries: uint() })

export function preambleItem(preamble: Preamble): Uint8Array {
  return item(ITEM_TYPES.preamble, encodeShape(PREAMBLE, { v: LEDGER_VERSION, ...preamble }))
}

/** @param edge - Needed where the preamble's `from` is not 0. */
export function edgeItem(edge: readonly Uint8Array[]): Uint8Array {
  return item(ITEM_TYPES.edge, encodeShape(EDGE, edge))
}

/** @param encoded - An encoded entry. */
export function entryItem(encoded: Uint8Array): Uint8Array {
  return item(ITEM_TYPES.entry, encoded)
}

export function headItem(head: SignedRecord): Uint8Array {
  return item(ITEM_TYPES.head, encodeShape(SIGNED_HEAD, head))
}

/** A half that the other party signed. */
export function halfItem({ kind, body, signature }: SignedHalf): Uint8Array {
  const encoded = encodeShape(OTHER_HALF, { kind: ENTRY_KINDS[kind], body, signature })
  return item(ITEM_TYPES.half, encoded)
}

/** @param encoded - An encoded proof of equivocation. */
export function evidenceItem(encoded: Uint8Array): Uint8Array {
  return item(ITEM_TYPES.evidence, encoded)
}

/** @param entries - How many entries the bundle has. */
export function endItem(entries: number): Uint8Array {
  return item(ITEM_TYPES.end, encodeShape(END, { v: LEDGER_VERSION, entries }))
}

function item(type: number, payload: Uint8Array): Uint8Array {
  return encodeCbor([type, payload])
}
