/**
 * How tokens are drawn: whole numbers only, so that every device reads the same settings.
 *
 * Fractions are in millionths ("micro"), as the wire has no floating point. The defaults draw from
 * the model's own distribution, as those of OpenAI's API do; llama.cpp's (temperature 0.8, top-k 40,
 * top-p 0.95, min-p 0.05, repetition window 64) are for a face to choose.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import {
  LOGIT_BIASES_MAX,
  LOGPROBS_MAX,
  SESSION_STOP_TOKENS_MAX,
  VOCABULARY_MAX,
} from '../limits.ts'

/** A sum to one token's logit. */
export interface LogitBias {
  readonly token: number
  /** Millionths in [-100, 100] million. The lowest value bans the token. */
  readonly biasMicro: number
}

/** What a draw depends on, beside logits, history and position. */
export interface SamplingSettings {
  /** Divisor of the logits, in millionths up to 100. 0: always the likeliest token, the lowest id among equals. */
  readonly temperatureMicro: number
  /** Only the K likeliest tokens. 0: all. */
  readonly topK: number
  /** Only the likeliest tokens that together reach this probability, in millionths of (0, 1]. 1: all. */
  readonly topPMicro: number
  /** Only tokens at least this probable beside the likeliest, in millionths of [0, 1]. 0: all. */
  readonly minPMicro: number
  /** Divisor of positive and factor of negative logits of tokens seen, in millionths of [0.1, 10]. 1: off. */
  readonly repetitionPenaltyMicro: number
  /** How many of the last tokens, prompt included, count as seen. 0: all. */
  readonly repetitionWindow: number
  /** Taken off per earlier generation of the token, in millionths of [-2, 2]. */
  readonly frequencyPenaltyMicro: number
  /** Taken off once when the token has been generated before, in millionths of [-2, 2]. */
  readonly presencePenaltyMicro: number
  /** In [0, 2^53). */
  readonly seed: number
  /** How many likeliest tokens are reported with their log-probabilities, beside the one drawn. 0: none, not even its own. */
  readonly logprobs: number
  /** Each token at most once. */
  readonly logitBias: readonly LogitBias[]
  /** Tokens that end the text. */
  readonly stopTokens: readonly number[]
  /** Tokens to generate before a stop token may come. */
  readonly minTokens: number
}

/** One millionth, as the settings count. */
export const MICRO = 1_000_000

/** The bias that bans a token. */
export const BAN_MICRO: number = -100 * MICRO

/** The model's own distribution, seed 0, and no stop token. */
export const DEFAULT_SAMPLING: SamplingSettings = {
  temperatureMicro: MICRO,
  topK: 0,
  topPMicro: MICRO,
  minPMicro: 0,
  repetitionPenaltyMicro: MICRO,
  repetitionWindow: 64,
  frequencyPenaltyMicro: 0,
  presencePenaltyMicro: 0,
  seed: 0,
  logprobs: 0,
  logitBias: [],
  stopTokens: [],
  minTokens: 0,
}

type NumberSetting = {
  [K in keyof SamplingSettings]: SamplingSettings[K] extends number ? K : never
}[keyof SamplingSettings]

const RANGES: Readonly<Record<NumberSetting, readonly [min: number, max: number]>> = {
  temperatureMicro: [0, 100 * MICRO],
  topK: [0, VOCABULARY_MAX],
  topPMicro: [1, MICRO],
  minPMicro: [0, MICRO],
  repetitionPenaltyMicro: [MICRO / 10, 10 * MICRO],
  repetitionWindow: [0, 2 ** 32 - 1],
  frequencyPenaltyMicro: [-2 * MICRO, 2 * MICRO],
  presencePenaltyMicro: [-2 * MICRO, 2 * MICRO],
  seed: [0, Number.MAX_SAFE_INTEGER],
  logprobs: [0, LOGPROBS_MAX],
  minTokens: [0, 2 ** 32 - 1],
}

/** `settings` when each is in its range and names only tokens of the vocabulary. */
export function checkedSettings(
  settings: SamplingSettings,
  vocabularySize: number,
): Result<SamplingSettings> {
  const fault =
    (isWithin(vocabularySize, 1, VOCABULARY_MAX)
      ? undefined
      : `expected a vocabulary of 1 to ${VOCABULARY_MAX} tokens`) ??
    numberFault(settings) ??
    listFault(settings, vocabularySize)
  return fault === undefined
    ? { type: 'value', value: settings }
    : { type: 'refused', code: 'SAMPLING_SETTINGS_INVALID', reason: fault }
}

function numberFault(settings: SamplingSettings): string | undefined {
  for (const [name, [min, max]] of Object.entries(RANGES)) {
    const value = settings[name as NumberSetting]
    if (!isWithin(value, min, max)) return `expected ${name} of ${min} to ${max}, got ${value}`
  }
  return undefined
}

function listFault(
  { logitBias, stopTokens }: SamplingSettings,
  vocabularySize: number,
): string | undefined {
  if (logitBias.length > LOGIT_BIASES_MAX) {
    return `expected at most ${LOGIT_BIASES_MAX} logit biases, got ${logitBias.length}`
  }
  if (stopTokens.length > SESSION_STOP_TOKENS_MAX) {
    return `expected at most ${SESSION_STOP_TOKENS_MAX} stop tokens, got ${stopTokens.length}`
  }
  const biased = logitBias.map(({ token }) => token)
  for (const token of [...biased, ...stopTokens]) {
    if (!isWithin(token, 0, vocabularySize - 1)) {
      return `expected tokens below ${vocabularySize}, got ${token}`
    }
  }
  if (new Set(biased).size !== biased.length) return 'expected one bias for each token'
  for (const { biasMicro } of logitBias) {
    if (!isWithin(biasMicro, BAN_MICRO, -BAN_MICRO)) {
      return `expected biases of ${BAN_MICRO} to ${-BAN_MICRO}, got ${biasMicro}`
    }
  }
  return undefined
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max
}
