/**
 * Draws the next token from logits: a function of logits, settings, history and position alone.
 *
 * The order of operations is that of llama.cpp (common/sampling.cpp): logit bias, grammar,
 * penalties, top-k, top-p, min-p, temperature, draw. Filters therefore see probabilities at
 * temperature 1, and each sees what the one before left, made to sum to 1 again. The repetition
 * penalty is that of CTRL (Keskar et al. 2019, section 4.1) over prompt and text; frequency and
 * presence penalties count generated tokens only, as OpenAI's API reference defines them.
 *
 * @module
 */

import type { Refused, Result } from '../errors.ts'
import { Candidates } from './candidates.ts'
import { uniformAt } from './counter-draw.ts'
import { logOf } from './exponential.ts'
import { likeliestTokens, logSumExp, type TokenLogprob } from './log-probabilities.ts'
import type { SamplingMemory } from './sampling-memory.ts'
import { BAN_MICRO, checkedSettings, MICRO, type SamplingSettings } from './sampling-settings.ts'
import type { TokenConstraint, TokenMask } from './token-constraint.ts'
import type { TokenHistory } from './token-history.ts'

/** What the text is so far, and what may follow. Whoever draws appends to both. */
export interface SamplingContext {
  readonly history: TokenHistory
  readonly constraint?: TokenConstraint | undefined
}

/** A token that was drawn. */
export interface Sampled {
  readonly type: 'token'
  readonly token: number
  /** Whether it is one of the stop tokens. */
  readonly stops: boolean
  /** Its log-probability under the model's own distribution, where the settings ask for some. */
  readonly logprob: number | undefined
  /** As many of the likeliest tokens as the settings ask for. */
  readonly alternatives: readonly TokenLogprob[]
}

/** A sampler for these settings and the vocabulary that `memory` is for, or why they are refused. */
export function samplerOf(settings: SamplingSettings, memory: SamplingMemory): Result<Sampler> {
  const checked = checkedSettings(settings, memory.logits.length)
  if (checked.type === 'refused') return checked
  return { type: 'value', value: new Sampler(checked.value, memory) }
}

/** Draws tokens; made by {@link samplerOf}. It keeps no state between draws. */
export class Sampler {
  readonly #settings: SamplingSettings
  readonly #memory: SamplingMemory
  readonly #logits: Float32Array
  readonly #candidates: Candidates
  readonly #stops: ReadonlySet<number>
  readonly #distanceMax: number

  constructor(settings: SamplingSettings, memory: SamplingMemory) {
    this.#settings = settings
    this.#memory = memory
    this.#logits = memory.logits
    this.#candidates = new Candidates(memory, settings.temperatureMicro / MICRO)
    this.#stops = new Set(settings.stopTokens)
    // Nobody asks for it where min-p is 0.
    this.#distanceMax = -logOf(Math.max(1, settings.minPMicro) / MICRO)
  }

  /**
   * The token for `position`, of [0, 2^53), from the logits of the token before it.
   *
   * Refused are logits that are too few or many, hold NaN or Infinity, or rule out every token
   * (`SAMPLING_LOGITS_INVALID`), and a constraint that does (`SAMPLING_NOTHING_ALLOWED`).
   */
  sample(logits: Float32Array, context: SamplingContext, position: number): Sampled | Refused {
    if (logits.length !== this.#logits.length) {
      return invalid(`expected ${this.#logits.length} logits, got ${logits.length}`)
    }
    const likeliest = likeliestOf(logits)
    if (!Number.isFinite(logits[likeliest])) return invalid('expected finite logits')
    const best = this.#adjusted(logits, context) ? likeliestOf(this.#logits) : likeliest
    const highest = this.#logits[best] as number
    if (highest === Number.NEGATIVE_INFINITY) return NOTHING_ALLOWED
    if (!Number.isFinite(highest)) return invalid('expected smaller logits')
    const token = this.#settings.temperatureMicro === 0 ? best : this.#draw(highest, position)
    return this.#sampled(token, logits, logits[likeliest] as number)
  }

  /** Takes the logits over, with all that bans, bias and penalties do. False when that is nothing. */
  #adjusted(logits: Float32Array, { history, constraint }: SamplingContext): boolean {
    this.#logits.set(logits)
    const banned = this.#ban(history, constraint)
    const seen = this.#penaliseSeen(history)
    return this.#penaliseGenerated(history) || seen || banned
  }

  #ban(history: TokenHistory, constraint: TokenConstraint | undefined): boolean {
    const { logitBias, minTokens, stopTokens } = this.#settings
    for (const { token, biasMicro } of logitBias) {
      this.#add(token, biasMicro === BAN_MICRO ? Number.NEGATIVE_INFINITY : biasMicro / MICRO)
    }
    const early = history.generatedLength < minTokens
    if (early) for (const token of stopTokens) this.#logits[token] = Number.NEGATIVE_INFINITY
    if (constraint !== undefined) keepAllowed(this.#logits, constraint.allowed())
    return logitBias.length > 0 || early || constraint !== undefined
  }

  #add(token: number, sum: number): void {
    const logits = this.#logits
    if (token < logits.length) logits[token] = (logits[token] as number) + sum
  }

  #penaliseSeen(history: TokenHistory): boolean {
    const { repetitionPenaltyMicro, repetitionWindow } = this.#settings
    if (repetitionPenaltyMicro === MICRO) return false
    const penalty = repetitionPenaltyMicro / MICRO
    const start = repetitionWindow === 0 ? 0 : Math.max(0, history.length - repetitionWindow)
    const logits = this.#logits
    const memory = this.#memory
    memory.beginPenalties()
    for (const token of history.view(start)) {
      // Ids outside of the vocabulary have no place in the array, and are nobody's logit.
      if (!(token < logits.length) || !memory.penalise(token)) continue
      const logit = logits[token] as number
      logits[token] = logit > 0 ? logit / penalty : logit * penalty
    }
    return true
  }

  #penaliseGenerated(history: TokenHistory): boolean {
    const { frequencyPenaltyMicro, presencePenaltyMicro } = this.#settings
    if (frequencyPenaltyMicro === 0 && presencePenaltyMicro === 0) return false
    for (const [token, count] of history.generated) {
      this.#add(token, -(count * frequencyPenaltyMicro + presencePenaltyMicro) / MICRO)
    }
    return true
  }

  #draw(highest: number, position: number): number {
    const { topK, topPMicro, minPMicro, seed } = this.#settings
    const candidates = this.#candidates
    candidates.gather(highest)
    if (topK !== 0) candidates.keepTop(topK)
    if (topPMicro !== MICRO) candidates.keepNucleus(topPMicro / MICRO)
    if (minPMicro !== 0) candidates.keepWithin(this.#distanceMax)
    return candidates.draw(uniformAt(seed, position))
  }

  #sampled(token: number, logits: Float32Array, highest: number): Sampled {
    const { logprobs } = this.#settings
    const stops = this.#stops.has(token)
    if (logprobs === 0) return { type: 'token', token, stops, logprob: undefined, alternatives: [] }
    const logSum = logSumExp(logits, highest)
    const logprob = (logits[token] as number) - logSum
    return {
      type: 'token',
      token,
      stops,
      logprob,
      alternatives: likeliestTokens(logits, logprobs, logSum),
    }
  }
}

const NOTHING_ALLOWED: Refused = {
  type: 'refused',
  code: 'SAMPLING_NOTHING_ALLOWED',
  reason: 'expected a token that is allowed, got none',
}

function invalid(reason: string): Refused {
  return { type: 'refused', code: 'SAMPLING_LOGITS_INVALID', reason }
}

/** The token of the highest logit, the lowest id among equals; a token of NaN when there is one. */
function likeliestOf(logits: Float32Array): number {
  let best = 0
  let highest = logits[0] as number
  if (Number.isNaN(highest)) return best
  for (let id = 1; id < logits.length; id++) {
    const logit = logits[id] as number
    if (logit <= highest) continue
    best = id
    if (!(logit > highest)) break
    highest = logit
  }
  return best
}

function keepAllowed(logits: Float32Array, mask: TokenMask): void {
  for (let id = 0; id < logits.length; id++) {
    if ((((mask[id >>> 5] ?? 0) >>> (id & 31)) & 1) === 0) logits[id] = Number.NEGATIVE_INFINITY
  }
}
