/**
 * Strict DER (X.690, sections 8 and 10): one value has one encoding, every other is refused.
 *
 * The reader walks one level; what is nested is read by a reader on the content.
 * Nothing recurses, so depth is what the caller's code says and no input can raise it.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import { refuse } from '../errors.ts'

/** Tags, as the identifier octet. */
export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT_IDENTIFIER = 0x06
export const ENUMERATED = 0x0a
export const UTF8_STRING = 0x0c
export const SEQUENCE = 0x30
export const SET = 0x31
const NULL = 0x05
const PRINTABLE_STRING = 0x13
const IA5_STRING = 0x16
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/** The tag of `[number]`, constructed: explicit tags, and implicit ones of a SEQUENCE. */
export function contextTag(number: number): number {
  // Numbers from 31 on follow the identifier octet; both are kept, so that tags never collide.
  return number < 31 ? 0xa0 | number : 0xbf_0000 | number
}

/** The tag of `[number] IMPLICIT` over a primitive type; `number` below 31. */
export function implicitTag(number: number): number {
  return 0x80 | number
}

export interface DerElement {
  readonly tag: number
  readonly content: Uint8Array
  /** Tag, length and content. */
  readonly encoded: Uint8Array
}

export class DerReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** The next element, whatever it is. */
  next(): DerElement {
    const start = this.#at
    const tag = this.#tag()
    const length = this.#length()
    if (length > this.#bytes.length - this.#at) malformed('truncated')
    const content = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return { tag, content, encoded: this.#bytes.subarray(start, this.#at) }
  }

  /** The next element, which must have `tag`. */
  read(tag: number): DerElement {
    const element = this.next()
    if (element.tag !== tag) {
      malformed(`expected tag 0x${tag.toString(16)}, got 0x${element.tag.toString(16)}`)
    }
    return element
  }

  /** The next element if it has `tag`, else undefined and nothing is read. */
  optional(tag: number): DerElement | undefined {
    if (this.atEnd) return undefined
    const start = this.#at
    const element = this.next()
    if (element.tag === tag) return element
    this.#at = start
    return undefined
  }

  /** A reader of what is in the next element, which must have `tag`. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content)
  }

  /** All elements that are left; refuses more than `countMax`. */
  all(countMax: number): readonly DerElement[] {
    const elements: DerElement[] = []
    while (!this.atEnd) {
      if (elements.length === countMax) malformed(`more than ${countMax} elements`)
      elements.push(this.next())
    }
    return elements
  }

  /** Refuses when something is left. */
  end(): void {
    if (!this.atEnd) malformed('trailing bytes')
  }

  #tag(): number {
    const first = this.#byte()
    if ((first & 0x1f) !== 0x1f) return first
    let number = 0
    for (;;) {
      const octet = this.#byte()
      if (number === 0 && octet === 0x80) malformed('tag not in its shortest form')
      number = (number << 7) | (octet & 0x7f)
      if (number > 0xffff) malformed('tag too large')
      if (octet < 0x80) break
    }
    if (number < 31) malformed('tag not in its shortest form')
    return (first << 16) | number
  }

  #length(): number {
    const first = this.#byte()
    if (first < 0x80) return first
    const octets = first & 0x7f
    // 0x80 is the indefinite form; four octets are more than any evidence has.
    if (octets === 0 || octets > 4) malformed('length not definite')
    let length = 0
    for (let index = 0; index < octets; index++) length = length * 256 + this.#byte()
    if (length < 0x80 || length < 256 ** (octets - 1)) malformed('length not in its shortest form')
    return length
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) malformed('truncated')
    this.#at++
    return byte
  }
}

/** A reader of the content of the one element of `tag` that fills `bytes`. */
export function derContent(bytes: Uint8Array, tag: number): DerReader {
  const reader = new DerReader(bytes)
  const content = reader.enter(tag)
  reader.end()
  return content
}

/** TRUE or FALSE, as 0xff and 0x00 only (X.690, 11.1). */
export function booleanOf({ content }: DerElement): boolean {
  const [byte] = content
  if (content.length !== 1 || (byte !== 0 && byte !== 0xff)) malformed('boolean not 00 or ff')
  return byte === 0xff
}

/** The octets of an INTEGER in two's complement, in its shortest form (X.690, 8.3.2). */
export function integerBytes({ content }: DerElement): Uint8Array {
  const [first, second] = content
  if (first === undefined) malformed('integer without octets')
  if (second !== undefined) {
    const sign = second >> 7
    if ((first === 0 && sign === 0) || (first === 0xff && sign === 1)) {
      malformed('integer not in its shortest form')
    }
  }
  return content
}

/** An INTEGER or ENUMERATED in [0, 2^48). */
export function unsignedOf(element: DerElement): number {
  const octets = integerBytes(element)
  if ((octets[0] ?? 0) >= 0x80 || octets.length > 7) malformed('integer out of range')
  let value = 0
  for (const octet of octets) value = value * 256 + octet
  if (!Number.isSafeInteger(value)) malformed('integer out of range')
  return value
}

/** The bits of a BIT STRING that fills whole octets. */
export function bitsOf({ content }: DerElement): Uint8Array {
  if (content[0] !== 0) malformed('bit string does not fill its octets')
  return content.subarray(1)
}

/** Bits of a named-bit list by position (X.690, 11.2.2), as a number; at most 16 positions. */
export function namedBitsOf({ content }: DerElement): number {
  const [unused = 8, high = 0, low = 0] = content
  if (unused > 7 || content.length > 3) malformed('named bits out of range')
  let bits = 0
  for (let position = 0; position < 16; position++) {
    const octet = position < 8 ? high : low
    if ((octet & (0x80 >> (position % 8))) !== 0) bits |= 1 << position
  }
  return bits
}

/**
 * The dotted form of an OBJECT IDENTIFIER.
 *
 * @example
 * ```ts
 * oidOf({ tag: 6, content: Uint8Array.of(0x55, 0x1d, 0x13), encoded: Uint8Array.of() }) // => '2.5.29.19'
 * ```
 */
export function oidOf({ content }: DerElement): string {
  if (content.length === 0 || content.length > 64) malformed('object identifier out of range')
  const arcs: number[] = []
  let arc = 0
  for (const [index, octet] of content.entries()) {
    if (arc === 0 && octet === 0x80) malformed('object identifier not in its shortest form')
    arc = arc * 128 + (octet & 0x7f)
    if (!Number.isSafeInteger(arc)) malformed('object identifier out of range')
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
    } else if (index === content.length - 1) malformed('truncated')
  }
  const [first = 0, ...rest] = arcs
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - 40 * top, ...rest].join('.')
}

/** Text of the string types that names and vendors' extensions use. */
export function stringOf({ tag, content }: DerElement): string {
  if (tag !== UTF8_STRING && tag !== PRINTABLE_STRING && tag !== IA5_STRING) {
    malformed(`expected text, got tag 0x${tag.toString(16)}`)
  }
  return textOf(content) ?? malformed('text is not UTF-8')
}

/** UTCTime or GeneralizedTime in the forms of RFC 5280, section 4.1.2.5, in milliseconds since 1970. */
export function timeOf({ tag, content }: DerElement): number {
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) malformed('no time')
  const text = textOf(content) ?? ''
  const century = text < '50' ? '20' : '19'
  const full = tag === UTC_TIME ? century + text : text
  if (!/^\d{14}Z$/.test(full)) malformed('time not in the form of RFC 5280')
  const iso = full.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const ms = Date.parse(iso)
  // A time that does not come back as it was written is none, such as the 30th of February.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) malformed('no such time')
  return ms
}

/** NULL, or nothing: both stand where an algorithm has no parameters. */
export function endOfParameters(reader: DerReader): void {
  if (!reader.atEnd && reader.read(NULL).content.length > 0) malformed('null with content')
  reader.end()
}

function malformed(reason: string): never {
  refuse('DER_MALFORMED', reason)
}
