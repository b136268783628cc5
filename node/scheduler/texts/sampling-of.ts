/**
 * How tokens are drawn: from what people ask for to what goes to the last stage.
 *
 * @module
 */

import type { SamplingRecord } from '../../../protocols/inference/index.ts'
import type { TextRequest } from '../../api/schemas/texts.ts'

const MICRO = 1_000_000

/**
 * The settings as whole numbers, so that every device reads the same.
 *
 * @param stopTokens - Tokens that end an answer: not drawn before `minTokens` were.
 */
export function samplingOf(
  asked: TextRequest['sampling'],
  seed: number,
  stopTokens: readonly number[],
): SamplingRecord {
  return {
    temperatureMicro: micro(asked.temperature),
    topK: asked.topK,
    // A share that rounds to nothing still lets the likeliest token through.
    topPMicro: Math.max(1, micro(asked.topP)),
    minPMicro: micro(asked.minP),
    repetitionPenaltyMicro: micro(asked.repetitionPenalty),
    repetitionWindow: asked.repetitionWindow,
    frequencyPenaltyMicro: micro(asked.frequencyPenalty),
    presencePenaltyMicro: micro(asked.presencePenalty),
    seed,
    logprobs: asked.logprobs,
    logitBias: asked.logitBias.map(({ token, bias }) => ({ token, biasMicro: micro(bias) })),
    stopTokens,
    minTokens: asked.minTokens,
  }
}

function micro(value: number): number {
  return Math.round(value * MICRO)
}
