/**
 * Messages of /brume/conveyance/1 and its notices: canonical CBOR.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  type ShapeOf,
  word,
} from '../../core/cbor-shape.ts'
import { INLINE_BYTES_MAX, ITEM_BYTES_MAX, NOTICE_BYTES_MAX, NOTICES_MAX } from './limits.ts'

/** What is passed on: vendors' collateral, evidence of an epoch, evidence of one question, results, revocations. */
export const ITEM_KINDS = ['collateral', 'envelope', 'evidence', 'result', 'revocation'] as const
export type ItemKind = (typeof ITEM_KINDS)[number]

const name = { kind: word(...ITEM_KINDS), id: bytes(32) }
const itemName = record(name)

/** An item by its kind and SHA-256. */
export type ItemName = ShapeOf<typeof itemName>

/** Taker: what do you have? */
const ask = record({})
const have = record({ items: list(itemName, NOTICES_MAX) })
/** Taker: give me this one. */
const want = itemName
/** Giver: here it is; null when it is gone. */
const item = record({ body: optional(bytes(1, ITEM_BYTES_MAX)) })
/** Gossip: there is a new item; a short one comes along. */
const notice = record({ ...name, body: optional(bytes(1, INLINE_BYTES_MAX)) })

export type Notice = ShapeOf<typeof notice>

export type ConveyanceMessage =
  | { readonly type: 'ask' }
  | ({ readonly type: 'have' } & ShapeOf<typeof have>)
  | ({ readonly type: 'want' } & ItemName)
  | ({ readonly type: 'item' } & ShapeOf<typeof item>)

const TYPES = ['ask', 'have', 'want', 'item'] as const
const SHAPES: Readonly<Record<ConveyanceMessage['type'], Shape<unknown>>> = {
  ask,
  have,
  want,
  item,
}

export function encodeConveyance(message: ConveyanceMessage): Uint8Array {
  const kind = TYPES.indexOf(message.type) + 1
  return concatBytes([Uint8Array.of(kind), encodeShape(SHAPES[message.type], message)])
}

/** A message, or undefined for bytes that are none. */
export function decodeConveyance(frame: Uint8Array): ConveyanceMessage | undefined {
  const type = TYPES[(frame[0] ?? 0) - 1]
  if (type === undefined) return undefined
  const decoded = decodeShape(SHAPES[type], frame.subarray(1))
  if (decoded.type === 'refused') return undefined
  return { type, ...(decoded.value as object) } as ConveyanceMessage
}

export function encodeNotice(given: Notice): Uint8Array {
  return encodeShape(notice, given)
}

/** A notice, or undefined for bytes that are none. */
export function decodeNotice(encoded: Uint8Array): Notice | undefined {
  if (encoded.length > NOTICE_BYTES_MAX) return undefined
  const decoded = decodeShape(notice, encoded)
  return decoded.type === 'value' ? decoded.value : undefined
}
