/**
 * Guesses tokens of one text where that has paid so far.
 *
 * @module
 */

import { DraftPolicy, PromptLookup } from '../../../models/index.ts'
import type { TextDraw } from '../../inference/requester-text.ts'

/** Tokens that are guessed at a time, at most: a window of eight rows. */
const DRAFT_MAX = 7

/** Last tokens that are looked for earlier in the text, at most. */
const NGRAM_MAX = 3

const LOOKUP = { ngramMax: NGRAM_MAX, draftMax: DRAFT_MAX } as const

export class Drafter {
  #lookup = new PromptLookup(LOOKUP)
  readonly #policy = new DraftPolicy({ draftMax: DRAFT_MAX, ngramMax: NGRAM_MAX })
  /** Of the guess that is under way. */
  #matched = 0

  /** Tokens that may follow `tokens`, the text so far; none where a guess does not pay. */
  propose(tokens: readonly number[]): readonly number[] {
    this.#follow(tokens)
    const draft = this.#lookup.draft()
    const depth = this.#policy.depth(draft.matched)
    this.#matched = depth === 0 ? 0 : draft.matched
    return draft.tokens.slice(0, depth)
  }

  /** Takes what was added to the text. One that does not go on from what was known is read anew. */
  #follow(tokens: readonly number[]): void {
    const { length } = this.#lookup
    const goesOn = length <= tokens.length && this.#lookup.at(-1) === tokens[length - 1]
    if (!goesOn) this.#lookup = new PromptLookup(LOOKUP)
    for (let at = this.#lookup.length; at < tokens.length; at++) {
      this.#lookup.append(tokens[at] as number)
    }
  }

  /** Learns from a step behind the prompt. */
  observe({ rows, tokens, elapsedMs }: Pick<TextDraw, 'rows' | 'tokens' | 'elapsedMs'>): void {
    this.#policy.observe({
      drafted: rows.tokens.length - 1,
      accepted: Math.max(0, tokens.length - 1),
      matched: this.#matched,
      ms: elapsedMs,
    })
  }
}
