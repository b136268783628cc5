/**
 * Speculation that loses nothing: drafted tokens count only where the sampler draws them itself.
 *
 * Each row is sampled with the random number of its own position, as if it had been computed
 * alone. The tokens are those of plain generation for every draft, also with a temperature; only
 * how many come out of one pass differs. (The rule of Leviathan et al. 2023 keeps the distribution;
 * this one keeps the tokens.)
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import type { Refused } from '../errors.ts'
import type { Sampled, Sampler, SamplingContext } from './sampler.ts'

/** Logits for one place after another, and the tokens that were guessed for all but the last. */
export interface DraftWindow {
  /** Row i holds the logits for `position + i`, computed with the first i drafted tokens as input. */
  readonly rows: readonly Float32Array[]
  /** One fewer than rows. */
  readonly draft: readonly number[]
  /** Where the first drawn token will stand. */
  readonly position: number
}

/** What plain generation would have drawn: the accepted part of the draft, and one token more. */
export interface Verified {
  readonly type: 'tokens'
  readonly tokens: readonly Sampled[]
  /** How many tokens of the draft were right. */
  readonly accepted: number
}

/** Draws until a token is not the drafted one, or ends the text. History and constraint are left as they were. */
export function verifyDraft(
  sampler: Sampler,
  { rows, draft, position }: DraftWindow,
  context: SamplingContext,
): Verified | Refused {
  invariant(rows.length === draft.length + 1, 'a window has one row more than drafted tokens')
  const { history, constraint } = context
  const historyLength = history.length
  const constraintLength = constraint?.length ?? 0
  const tokens: Sampled[] = []
  try {
    for (const [index, row] of rows.entries()) {
      const sampled = sampler.sample(row, context, position + index)
      if (sampled.type === 'refused') return sampled
      tokens.push(sampled)
      if (sampled.token !== draft[index]) return { type: 'tokens', tokens, accepted: index }
      if (sampled.stops) return { type: 'tokens', tokens, accepted: index + 1 }
      history.append(sampled.token)
      constraint?.append(sampled.token)
    }
  } finally {
    history.truncate(historyLength)
    constraint?.truncate(constraintLength)
  }
  return { type: 'tokens', tokens, accepted: draft.length }
}
