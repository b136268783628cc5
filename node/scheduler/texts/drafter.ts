/**
 * Guesses tokens of one text where that has paid so far.
 *
 * @module
 */

import { DraftPolicy, promptLookup } from '../../../models/index.ts'
import type { TextDraw } from '../../inference/requester-text.ts'

/** Tokens that are guessed at a time, at most: a window of eight rows. */
const DRAFT_MAX = 7

/** Last tokens that are looked for earlier in the text, at most. */
const NGRAM_MAX = 3

export class Drafter {
  readonly #policy = new DraftPolicy({ draftMax: DRAFT_MAX, ngramMax: NGRAM_MAX })
  /** Of the guess that is under way. */
  #matched = 0

  /** Tokens that may follow `tokens`; none where a guess does not pay. */
  propose(tokens: readonly number[]): readonly number[] {
    const init = { ngramMax: NGRAM_MAX, draftMax: DRAFT_MAX }
    const draft = promptLookup(Int32Array.from(tokens), init)
    const depth = this.#policy.depth(draft.matched)
    this.#matched = depth === 0 ? 0 : draft.matched
    return draft.tokens.slice(0, depth)
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
