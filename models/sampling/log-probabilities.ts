/**
 * Log-probabilities under the model's own distribution: before bias, penalties, filters and temperature.
 *
 * @module
 */

import { expOf, logOf } from './exponential.ts'

/** A token and the natural logarithm of its probability. */
export interface TokenLogprob {
  readonly token: number
  readonly logprob: number
}

/** Logarithm of the sum of all exp(logit), summed in the order of ids. @param highest - The highest logit, finite. */
export function logSumExp(logits: Float32Array, highest: number): number {
  let sum = 0
  for (let id = 0; id < logits.length; id++) sum += expOf((logits[id] as number) - highest)
  return highest + logOf(sum)
}

/** The `count` likeliest tokens, likeliest first; among equals the lowest ids. */
export function likeliestTokens(
  logits: Float32Array,
  count: number,
  logSum: number,
): readonly TokenLogprob[] {
  const ids: number[] = []
  let lowest = Number.NEGATIVE_INFINITY
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number
    if (ids.length === count && logit <= lowest) continue
    let at = ids.length === count ? count - 1 : ids.length
    for (; at > 0 && logit > (logits[ids[at - 1] as number] as number); at--) {
      ids[at] = ids[at - 1] as number
    }
    ids[at] = id
    lowest = logits[ids.at(-1) as number] as number
  }
  return ids.map((token) => ({ token, logprob: (logits[token] as number) - logSum }))
}
