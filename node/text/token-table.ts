/**
 * The bytes that each token stands for, in one piece of memory: a vocabulary has 50,000 tokens and more.
 *
 * Bytes, not text: a character may be spread over several tokens.
 *
 * @module
 */

/** A table as it travels between threads. */
export interface TokenTableContent {
  /** All tokens' bytes, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where those of each token begin, and the end: one more than there are tokens. */
  readonly offsets: Uint32Array<ArrayBuffer>
  /** 1 for each token that steers the model and stands for no text. */
  readonly control: Uint8Array<ArrayBuffer>
  /** Whether a text begins with a space that is none: the tokens of its first word have it. */
  readonly spaceFirst: boolean
}

const NONE = new Uint8Array(0)

export class TokenTable {
  readonly content: TokenTableContent

  constructor(content: TokenTableContent) {
    this.content = content
  }

  /** Tokens, numbers that stand for none included. A model may give numbers beyond it. */
  get size(): number {
    return this.content.control.length
  }

  /** True when a whole text begins with a space that its tokens have and its reader must not see. */
  get spaceFirst(): boolean {
    return this.content.spaceFirst
  }

  /** What a token stands for, as a view; nothing for a control token and for an unknown number. */
  bytesOf(token: number): Uint8Array {
    const { bytes, offsets } = this.content
    const start = offsets[token]
    const end = offsets[token + 1]
    return start === undefined || end === undefined ? NONE : bytes.subarray(start, end)
  }

  /** True for a token that steers the model and stands for no text. */
  isControl(token: number): boolean {
    return this.content.control[token] === 1
  }
}
