/**
 * Messages of /brume/receipt/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  mapped,
  optional,
  record,
  type Shape,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import { SIGNATURE_BYTES } from '../../core/crypto.ts'
import { HALF_REFUSALS, type HalfRefusal } from './errors.ts'
import { HALF_BODY_BYTES_MAX, HALVES_PER_LINK_MAX, NETWORK_BYTES } from './limits.ts'

/** Kinds of halves. The place of a kind is its number on the wire. */
const HALF_WORDS = ['order', 'accept', 'result', 'settle', 'dispute', 'reveal'] as const

/** The side that opened the link: which version and which mesh it speaks of. */
const hello = record({ version: uint(255), network: bytes(NETWORK_BYTES) })

/** The side that opened the link: a half that it signed. */
const half = record({
  /** From 0 without a gap. */
  number: uint(HALVES_PER_LINK_MAX),
  kind: place(HALF_WORDS),
  body: bytes(1, HALF_BODY_BYTES_MAX),
  signature: bytes(SIGNATURE_BYTES),
})

/** The other side: the half is on its disk, or why it is not. */
const answer = record({
  number: uint(HALVES_PER_LINK_MAX),
  refusal: optional(place(HALF_REFUSALS)),
})

/** A half as it travels: its body is a record of the ledger, which this protocol does not read. */
export type SentHalf = Omit<ShapeOf<typeof half>, 'number'>

export type ReceiptMessage =
  | ({ readonly type: 'hello' } & ShapeOf<typeof hello>)
  | ({ readonly type: 'half' } & ShapeOf<typeof half>)
  | { readonly type: 'answer'; readonly number: number; readonly refusal: HalfRefusal | undefined }

const TYPES = ['hello', 'half', 'answer'] as const
const SHAPES: Readonly<Record<ReceiptMessage['type'], Shape<unknown>>> = { hello, half, answer }

export function encodeReceiptMessage(message: ReceiptMessage): Uint8Array {
  const kind = TYPES.indexOf(message.type) + 1
  return concatBytes([Uint8Array.of(kind), encodeShape(SHAPES[message.type], message)])
}

/** The message, or undefined for bytes that are none. Its byte strings are views on the frame. */
export function decodeReceiptMessage(frame: Uint8Array): ReceiptMessage | undefined {
  const type = TYPES[(frame[0] ?? 0) - 1]
  if (type === undefined) return undefined
  const decoded = decodeShape(SHAPES[type], frame.subarray(1))
  if (decoded.type === 'refused') return undefined
  return { type, ...(decoded.value as object) } as ReceiptMessage
}

/** One of `words`, as its place among them. */
function place<W extends string>(words: readonly W[]): Shape<W> {
  return mapped(
    uint(words.length - 1),
    (index) => words[index],
    (word) => words.indexOf(word),
  )
}
