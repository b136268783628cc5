/**
 * The port through which a grammar says which tokens may come next.
 *
 * @module
 */

/** One bit for each token, bit `id % 32` of word `id / 32`; set: may come next. */
export type TokenMask = Uint32Array

/** What is allowed after the tokens appended so far. It follows the text as a {@link TokenHistory} does. */
export interface TokenConstraint {
  /** Generated tokens that it has taken. */
  readonly length: number
  /** The mask for the next token: a view that holds until the next call. */
  allowed(): TokenMask
  /** Takes a token. False, and nothing changed, when it was not allowed. */
  append(token: number): boolean
  /** Forgets all but the first `length` generated tokens. */
  truncate(length: number): void
}
