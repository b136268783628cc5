/**
 * Guesses the next tokens by looking up what followed the same tokens before.
 *
 * Texts that quote, edit or go through their prompt repeat it (prompt lookup decoding, Saxena
 * 2023). The guess costs no model; whether it was right is for verify-draft.ts to find out.
 *
 * Each token is looked at once, when it comes: a guess then takes a few steps, however long the text is.
 *
 * @module
 */

/** How far to look. */
export interface PromptLookupInit {
  /** How many last tokens an earlier place must have as well, at most; from there downwards to one. */
  readonly ngramMax: number
  /** How many tokens to guess. */
  readonly draftMax: number
}

/** A guess. Without an earlier place it has no tokens. */
export interface Draft {
  readonly tokens: readonly number[]
  /** How many last tokens were found earlier: the more, the better the guess. */
  readonly matched: number
}

const NO_DRAFT: Draft = { tokens: [], matched: 0 }

/** Tokens are below this: with the number of a place they are one exact number. */
const TOKENS_MAX = 2 ** 31

const ROOT = 0

/**
 * What one text had so far: a tree of its last tokens, read backwards, each with the latest place that
 * they end at.
 *
 * @example
 * ```ts
 * const lookup = new PromptLookup({ ngramMax: 3, draftMax: 2 })
 * for (const token of [7, 8, 9, 5, 7, 8]) lookup.append(token)
 * lookup.draft() // => { tokens: [9, 5], matched: 2 }
 * ```
 */
export class PromptLookup {
  readonly #init: PromptLookupInit
  readonly #history: number[] = []
  /** Nodes by the one above and a token. */
  readonly #nodes = new Map<number, number>()
  /** Of each node, the place behind the latest tokens like it. */
  readonly #ends: number[] = [0]

  constructor(init: PromptLookupInit) {
    this.#init = init
  }

  /** Tokens that it was given. */
  get length(): number {
    return this.#history.length
  }

  /** The token at a place. */
  at(index: number): number | undefined {
    return this.#history.at(index)
  }

  append(token: number): void {
    // What ends where the text ended so far is an earlier place only now that something follows.
    this.#index(this.#history.length)
    this.#history.push(token)
  }

  /**
   * What followed the longest earlier match of the last tokens; among equal ones, the latest.
   *
   * A match that ends close to the end of the text goes on with the guess itself, so that a text
   * with a short period is guessed to its full depth.
   */
  draft(): Draft {
    const { ngramMax, draftMax } = this.#init
    const { length } = this.#history
    if (draftMax === 0) return NO_DRAFT
    let [node, matched] = [ROOT, 0]
    while (matched < ngramMax && matched < length) {
      const child = this.#nodes.get(keyOf(node, this.#history[length - 1 - matched]))
      if (child === undefined) break
      node = child
      matched++
    }
    if (matched === 0) return NO_DRAFT
    const tokens: number[] = []
    for (let at = this.#ends[node] ?? 0; tokens.length < draftMax; at++) {
      tokens.push((at < length ? this.#history[at] : tokens[at - length]) ?? 0)
    }
    return { tokens, matched }
  }

  /** Notes that the tokens before `end` end there. */
  #index(end: number): void {
    let node = ROOT
    for (let count = 1; count <= this.#init.ngramMax && count <= end; count++) {
      const key = keyOf(node, this.#history[end - count])
      node = this.#nodes.get(key) ?? this.#ends.length
      this.#nodes.set(key, node)
      this.#ends[node] = end
    }
  }
}

function keyOf(node: number, token = 0): number {
  return node * TOKENS_MAX + token
}
