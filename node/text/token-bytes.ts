/**
 * Works out the bytes of each token from a tokenizer's decoder.
 *
 * @module
 */

import { fromHex, utf8 } from '../../core/bytes.ts'
import { TokenTable } from './token-table.ts'
import { fieldsOf, unsupported, type Fields } from './json-fields.ts'
import { sequence, type TokenizerFile } from './tokenizer-file.ts'

/** How pieces become bytes. */
interface Decoding {
  /** Letters stand for bytes, as in GPT-2. */
  readonly byteLevel: boolean
  /** `<0x41>` stands for a byte. */
  readonly byteFallback: boolean
  /** Texts in pieces, and what they become. */
  readonly replacements: readonly (readonly [string, string])[]
  readonly spaceFirst: boolean
}

/** What stands for a space in pieces, unless a decoder says otherwise. */
const SPACE = '▁'

/** Letters of GPT-2 by the bytes that they stand for: printable ones for themselves, others from U+0100 on. */
const BYTES_BY_LETTER: ReadonlyMap<string, number> = byteLetters()

/** @throws {TextError} TEXT_TOKENIZER_UNSUPPORTED for a decoder that joins pieces in another way. */
export function tokenTable({ tokens, added, decoder }: TokenizerFile): TokenTable {
  const decoding = decodingOf(decoder)
  const special = new Map(added.map((token) => [token.id, token.special]))
  const control = Uint8Array.from(tokens, (_, id) => (special.get(id) === true ? 1 : 0))
  const pieces = tokens.map((token, id) => {
    if (token === undefined || control[id] === 1) return new Uint8Array(0)
    return special.has(id) ? utf8(token) : pieceBytes(token, decoding)
  })
  const offsets = new Uint32Array(tokens.length + 1)
  for (const [id, piece] of pieces.entries()) offsets[id + 1] = (offsets[id] ?? 0) + piece.length
  const bytes = new Uint8Array(offsets.at(-1) ?? 0)
  for (const [id, piece] of pieces.entries()) bytes.set(piece, offsets[id])
  return new TokenTable({ bytes, offsets, control, spaceFirst: decoding.spaceFirst })
}

function decodingOf(decoder: Fields | null): Decoding {
  let decoding: Decoding = {
    byteLevel: false,
    byteFallback: false,
    replacements: [],
    spaceFirst: false,
  }
  sequence(decoder, 'decoders', (part) => {
    const { type } = part
    const read =
      typeof type === 'string' && Object.hasOwn(DECODERS, type) ? DECODERS[type] : undefined
    const more = read?.(part)
    if (more === undefined) throw unsupported('a decoder', type)
    const replacements = [...decoding.replacements, ...(more.replacements ?? [])]
    decoding = { ...decoding, ...more, replacements }
    return []
  })
  return decoding
}

/** What each kind of decoder adds; undefined when it is set up in a way that is not known. */
const DECODERS: Readonly<Record<string, (part: Fields) => Partial<Decoding> | undefined>> = {
  ByteLevel: () => ({ byteLevel: true }),
  ByteFallback: () => ({ byteFallback: true }),
  Fuse: () => ({}),
  Replace: ({ pattern, content }) => {
    const { String: from } = fieldsOf(pattern, 'decoders with a pattern')
    if (typeof from !== 'string' || typeof content !== 'string') return undefined
    return { replacements: [[from, content]] }
  },
  Metaspace: ({ replacement, prepend_scheme: scheme, add_prefix_space: prefix }) => ({
    replacements: [[typeof replacement === 'string' ? replacement : SPACE, ' ']],
    spaceFirst: scheme !== 'never' && prefix !== false,
  }),
  Strip: ({ content, start, stop }) =>
    content === ' ' && start === 1 && stop === 0 ? { spaceFirst: true } : undefined,
}

function pieceBytes(piece: string, decoding: Decoding): Uint8Array {
  if (decoding.byteFallback) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1]
    if (byte !== undefined) return fromHex(byte.toLowerCase()) ?? new Uint8Array(0)
  }
  if (decoding.byteLevel) {
    const bytes = Array.from(piece, (letter) => BYTES_BY_LETTER.get(letter) ?? -1)
    // A piece with other letters stands for itself.
    if (!bytes.includes(-1)) return Uint8Array.from(bytes)
  }
  return utf8(decoding.replacements.reduce((text, [from, to]) => text.replaceAll(from, to), piece))
}

function byteLetters(): ReadonlyMap<string, number> {
  const letters = new Map<string, number>()
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    letters.set(String.fromCodePoint(printable ? byte : next++), byte)
  }
  return letters
}
