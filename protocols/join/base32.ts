/**
 * Base32 in lower case without padding (RFC 4648, section 6): short to read aloud, dense in a QR code.
 *
 * @module
 */

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * The text of `bytes`.
 *
 * @example
 * ```ts
 * toBase32(Uint8Array.of(102, 111)) // => 'mzxq'
 * ```
 */
export function toBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += ALPHABET[(held >> bits) & 31]
    }
  }
  return bits === 0 ? text : text + ALPHABET[(held << (5 - bits)) & 31]
}

/** The bytes of `text` in lower case, or undefined when it is not in that one form. */
export function fromBase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let held = 0
  let at = 0
  for (const character of text) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) return undefined
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 255
    }
  }
  // Left-over bits are zero and too few for a character of their own: one text for each value.
  return bits >= 5 || (held & ((1 << bits) - 1)) !== 0 ? undefined : bytes
}
