/**
 * How the last stage draws tokens, as canonical CBOR.
 *
 * The wire has no fractions and no negative numbers: fractions are in millionths, and a signed
 * number is written as its distance from its lowest value. What the fields do is said where tokens
 * are drawn (models/sampling/sampling-settings.ts).
 *
 * @module
 */

import { list, mapped, record, uint, type Shape, type ShapeOf } from '../../core/cbor-shape.ts'
import { LOGIT_BIASES_MAX, LOGPROBS_MAX, STOP_TOKENS_MAX, VOCABULARY_MAX } from './limits.ts'

const MICRO = 1_000_000
const TOKENS_MAX = 0xffff_ffff

/** An integer in [-limit, limit]. */
function signed(limit: number): Shape<number> {
  return mapped(
    uint(2 * limit),
    (distance) => distance - limit,
    (value) => value + limit,
  )
}

const token = uint(VOCABULARY_MAX - 1)

/** What an `open` of a generating session says about drawing. */
export const samplingShape = record({
  temperatureMicro: uint(100 * MICRO),
  topK: uint(VOCABULARY_MAX),
  topPMicro: uint(MICRO),
  minPMicro: uint(MICRO),
  repetitionPenaltyMicro: uint(10 * MICRO),
  repetitionWindow: uint(TOKENS_MAX),
  frequencyPenaltyMicro: signed(2 * MICRO),
  presencePenaltyMicro: signed(2 * MICRO),
  seed: uint(),
  logprobs: uint(LOGPROBS_MAX),
  logitBias: list(record({ token, biasMicro: signed(100 * MICRO) }), LOGIT_BIASES_MAX),
  stopTokens: list(token, STOP_TOKENS_MAX),
  minTokens: uint(TOKENS_MAX),
})
export type SamplingRecord = ShapeOf<typeof samplingShape>

/** The likeliest token each time, and nothing else asked for. */
export const GREEDY_SAMPLING: SamplingRecord = {
  temperatureMicro: 0,
  topK: 0,
  topPMicro: 1_000_000,
  minPMicro: 0,
  repetitionPenaltyMicro: 1_000_000,
  repetitionWindow: 0,
  frequencyPenaltyMicro: 0,
  presencePenaltyMicro: 0,
  seed: 0,
  logprobs: 0,
  logitBias: [],
  stopTokens: [],
  minTokens: 0,
}
