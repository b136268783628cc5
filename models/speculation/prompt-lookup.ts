/**
 * Guesses the next tokens by looking up what followed the same tokens before.
 *
 * Texts that quote, edit or go through their prompt repeat it (prompt lookup decoding, Saxena
 * 2023). The guess costs no model; whether it was right is for verify-draft.ts to find out.
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

/**
 * What followed the longest earlier match of the last tokens; among equal ones, the latest.
 *
 * A match that ends close to the end of the history goes on with the guess itself, so that a text
 * with a short period is guessed to its full depth.
 *
 * @example
 * ```ts
 * promptLookup(Int32Array.of(7, 8, 9, 5, 7, 8), { ngramMax: 3, draftMax: 2 }) // => { tokens: [9, 5], matched: 2 }
 * ```
 */
export function promptLookup(history: Int32Array, { ngramMax, draftMax }: PromptLookupInit): Draft {
  const { length } = history
  if (draftMax === 0) return NO_DRAFT
  let matched = 0
  let end = 0
  // From the latest place backwards; a longer match is looked for, an equal one is older.
  for (let at = length - 1; at > matched && matched < ngramMax; at--) {
    const found = suffixLength(history, at, ngramMax)
    if (found <= matched) continue
    matched = found
    end = at
  }
  if (matched === 0) return NO_DRAFT
  const tokens: number[] = []
  for (let at = end; tokens.length < draftMax; at++) {
    tokens.push(at < length ? (history[at] as number) : (tokens[at - length] as number))
  }
  return { tokens, matched }
}

/** How many tokens before `end` are those before the end of the history, up to `lengthMax`. */
function suffixLength(history: Int32Array, end: number, lengthMax: number): number {
  const last = history.length - 1
  let length = 0
  while (
    length < lengthMax &&
    length < end &&
    history[end - 1 - length] === history[last - length]
  ) {
    length++
  }
  return length
}
