/**
 * Shapes of records in canonical CBOR: one declaration both encodes and strictly decodes.
 *
 * A record is an array whose fields stand in the order in which they are declared.
 * Every text, byte string and list states its bounds, so that no message can ask
 * for more memory than its own size.
 *
 * @example
 * ```ts
 * const greeting = record({ name: text(32), times: uint(100) })
 * encodeShape(greeting, { name: 'a', times: 2 }) // => Uint8Array [0x82, 0x61, 0x61, 0x02]
 * ```
 *
 * @module
 */

import { decodeCbor, encodeCbor, type CborValue } from './canonical-cbor.ts'

/** How a `T` looks in CBOR. `read` throws a private error that {@link decodeShape} turns into a value. */
export interface Shape<T> {
  write(value: T): CborValue
  read(value: CborValue): T
}

/** The type that a shape describes. */
export type ShapeOf<S> = S extends Shape<infer T> ? T : never

/** A decoded `T`, or why the bytes are refused. */
export type ShapeDecoded<T> =
  | { readonly type: 'value'; readonly value: T }
  | { readonly type: 'refused'; readonly reason: string }

class Mismatch extends Error {}

/** The one encoding of `value`. */
export function encodeShape<T>(shape: Shape<T>, value: T): Uint8Array {
  return encodeCbor(shape.write(value))
}

/** Decodes bytes that hold exactly one `T` in its one encoding. */
export function decodeShape<T>(shape: Shape<T>, encoded: Uint8Array): ShapeDecoded<T> {
  const decoded = decodeCbor(encoded)
  if (decoded.type === 'refused') return decoded
  try {
    return { type: 'value', value: shape.read(decoded.value) }
  } catch (error) {
    // Mismatches inside nested shapes travel as exceptions and become a value at this border.
    if (error instanceof Mismatch) return { type: 'refused', reason: error.message }
    throw error
  }
}

/** An integer in [0, max]. */
export function uint(max: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return leaf((value) => typeof value === 'number' && value <= max, `an integer up to ${max}`)
}

/** Text of at most `charactersMax` UTF-16 code units. */
export function text(charactersMax: number): Shape<string> {
  return leaf(
    (value) => typeof value === 'string' && value.length <= charactersMax,
    `text of at most ${charactersMax} characters`,
  )
}

/** One of the given words. */
export function word<const W extends string>(...words: readonly W[]): Shape<W> {
  return leaf((value) => words.includes(value as W), `one of ${words.join(', ')}`)
}

/** A byte string of `min` to `max` bytes; of exactly `min` when `max` is left out. */
export function bytes(min: number, max: number = min): Shape<Uint8Array> {
  return leaf(
    (value) => value instanceof Uint8Array && value.length >= min && value.length <= max,
    `a byte string of ${min} to ${max} bytes`,
  )
}

/** True or false. */
export function flag(): Shape<boolean> {
  return leaf((value) => typeof value === 'boolean', 'a boolean')
}

/** Null for undefined, else the shape. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return {
    write: (value) => (value === undefined ? null : shape.write(value)),
    read: (value) => (value === null ? undefined : shape.read(value)),
  }
}

/** At most `countMax` items of one shape. */
export function list<T>(item: Shape<T>, countMax: number): Shape<readonly T[]> {
  return {
    write: (values) => values.map((value) => item.write(value)),
    read: (value) => {
      if (!isArray(value) || value.length > countMax) {
        throw new Mismatch(`expected a list of at most ${countMax} items`)
      }
      return value.map((entry) => item.read(entry))
    },
  }
}

type RecordOf<F> = { readonly [K in keyof F]: ShapeOf<F[K]> }

/** Named fields, written as an array in the order of declaration. */
export function record<F extends { readonly [name: string]: Shape<never> | Shape<unknown> }>(
  fields: F,
): Shape<RecordOf<F>> {
  const entries = Object.entries(fields) as [string, Shape<unknown>][]
  return {
    write: (value) =>
      entries.map(([name, shape]) => shape.write((value as Record<string, unknown>)[name])),
    read: (value) => {
      if (!isArray(value) || value.length !== entries.length) {
        throw new Mismatch(`expected a record of ${entries.length} fields`)
      }
      // A loop rather than pairs: ledgers are verified record by record, and pairs are garbage.
      const read: Record<string, unknown> = {}
      for (let index = 0; index < entries.length; index++) {
        const [name, shape] = entries[index] as [string, Shape<unknown>]
        read[name] = shape.read(value[index] ?? null)
      }
      return read as RecordOf<F>
    },
  }
}

/** Reads as `T`, checked and converted by `read`, which returns undefined to refuse. */
export function mapped<T, U>(
  shape: Shape<T>,
  read: (value: T) => U | undefined,
  write: (value: U) => T,
): Shape<U> {
  return {
    write: (value) => shape.write(write(value)),
    read: (value) => {
      const converted = read(shape.read(value))
      if (converted === undefined) throw new Mismatch('value out of its domain')
      return converted
    },
  }
}

function leaf<T extends CborValue>(
  matches: (value: CborValue) => boolean,
  expected: string,
): Shape<T> {
  return {
    write: (value) => value,
    read: (value) => {
      if (!matches(value)) throw new Mismatch(`expected ${expected}`)
      return value as T
    },
  }
}

function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}
