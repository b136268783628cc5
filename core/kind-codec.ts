/**
 * Messages of several kinds as frames: a byte says which, and its fields follow as canonical CBOR.
 *
 * @module
 */

import { concatBytes } from './bytes.ts'
import { decodeShape, encodeShape, type Shape, type ShapeOf } from './cbor-shape.ts'

/** The fields of each kind, by its name, in the order of their bytes. */
export type KindShapes = Readonly<Record<string, Shape<never> | Shape<unknown>>>

/** A message of one of the kinds, which its `type` names. */
export type MessageOf<Shapes extends KindShapes> = {
  readonly [T in keyof Shapes & string]: { readonly type: T } & ShapeOf<Shapes[T]>
}[keyof Shapes & string]

export interface KindCodec<Message> {
  encode(message: Message): Uint8Array
  /** Undefined for a frame that is no such message, whatever it holds. */
  decode(frame: Uint8Array): Message | undefined
}

/** Of two sides of a link the one that answers begins here, so that neither takes its own for the other's. */
export const ANSWERS_FROM = 0x81

/** @param first - The byte of the first kind. */
export function kindCodec<Shapes extends KindShapes>(
  shapes: Shapes,
  first: number,
): KindCodec<MessageOf<Shapes>> {
  const types = Object.keys(shapes)
  return {
    encode: (message) => {
      const { type } = message as { readonly type: string }
      const kind = Uint8Array.of(first + types.indexOf(type))
      return concatBytes([kind, encodeShape(shapes[type] as Shape<unknown>, message)])
    },
    decode: (frame) => {
      const type = types[(frame[0] ?? 0) - first]
      if (type === undefined) return undefined
      const fields = decodeShape(shapes[type] as Shape<unknown>, frame.subarray(1))
      if (fields.type === 'refused') return undefined
      return { type, ...(fields.value as object) } as MessageOf<Shapes>
    },
  }
}
