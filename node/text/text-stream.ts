/**
 * Tokens become text as they come, in whole characters.
 *
 * @module
 */

import type { TokenTable } from './token-table.ts'

const SPACE = 0x20

export interface TextStreamInit {
  /** True when the text begins here, false when it goes on: only then is a first space always one. */
  readonly atStart: boolean
}

/**
 * What the pushes give, one after another, is the text of all tokens.
 *
 * Bytes that are no UTF-8 become U+FFFD, as soon as it is certain that they are none.
 */
export class TextStream {
  readonly #table: TokenTable
  // A byte order mark is a character like any other.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #skipsSpace: boolean

  constructor(table: TokenTable, { atStart }: TextStreamInit) {
    this.#table = table
    this.#skipsSpace = atStart && table.spaceFirst
  }

  /** The characters that `token` completes; often none, never half of one. */
  push(token: number): string {
    let bytes = this.#table.bytesOf(token)
    if (bytes.length === 0) return ''
    if (this.#skipsSpace && bytes[0] === SPACE) bytes = bytes.subarray(1)
    this.#skipsSpace = false
    return this.#decoder.decode(bytes, { stream: true })
  }

  /** What is left: U+FFFD for a character that never became whole. */
  end(): string {
    return this.#decoder.decode()
  }
}

/** The text of all `tokens`. */
export function textOfTokens(
  table: TokenTable,
  tokens: Iterable<number>,
  init: TextStreamInit = { atStart: true },
): string {
  const stream = new TextStream(table, init)
  let text = ''
  for (const token of tokens) text += stream.push(token)
  return text + stream.end()
}
