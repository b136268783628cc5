import { describe, expect, it } from 'vitest'
import { BAN_MICRO, checkedSettings, DEFAULT_SAMPLING, MICRO } from './sampling-settings.ts'
import type { SamplingSettings } from './sampling-settings.ts'

const refusal = (part: Partial<SamplingSettings>) => {
  const result = checkedSettings({ ...DEFAULT_SAMPLING, ...part }, 100)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('sampling settings', () => {
  it('are accepted at the ends of their ranges', () => {
    expect(refusal({})).toBe('value')
    expect(
      refusal({
        temperatureMicro: 100 * MICRO,
        topK: 100,
        topPMicro: 1,
        minPMicro: MICRO,
        repetitionPenaltyMicro: MICRO / 10,
        frequencyPenaltyMicro: -2 * MICRO,
        presencePenaltyMicro: 2 * MICRO,
        seed: Number.MAX_SAFE_INTEGER,
        logprobs: 20,
        logitBias: [
          { token: 0, biasMicro: BAN_MICRO },
          { token: 99, biasMicro: -BAN_MICRO },
        ],
        stopTokens: [0, 99],
      }),
    ).toBe('value')
  })

  it.each<[keyof SamplingSettings, number]>([
    ['temperatureMicro', -1],
    ['temperatureMicro', 0.5],
    ['temperatureMicro', Number.NaN],
    ['topK', -1],
    ['topPMicro', 0],
    ['topPMicro', MICRO + 1],
    ['minPMicro', MICRO + 1],
    ['repetitionPenaltyMicro', 0],
    ['repetitionWindow', 2 ** 32],
    ['frequencyPenaltyMicro', 2 * MICRO + 1],
    ['presencePenaltyMicro', -2 * MICRO - 1],
    ['seed', 2 ** 53],
    ['logprobs', 21],
    ['minTokens', Number.POSITIVE_INFINITY],
  ])('are refused with %s of %d', (name, value) => {
    expect(refusal({ [name]: value })).toMatch(
      new RegExp(`^SAMPLING_SETTINGS_INVALID: expected ${name} of .*, got ${value}$`),
    )
  })

  it('are refused when their lists are too long, or name what is not there or the same twice', () => {
    const bias = { token: 1, biasMicro: 0 }
    expect(
      [
        { stopTokens: [100] },
        { stopTokens: Array.from({ length: 65 }, () => 1) },
        { logitBias: [{ token: -1, biasMicro: 0 }] },
        { logitBias: [bias, bias] },
        { logitBias: Array.from({ length: 1_025 }, () => bias) },
        { logitBias: [{ token: 1, biasMicro: BAN_MICRO - 1 }] },
      ].map(refusal),
    ).toEqual([
      'SAMPLING_SETTINGS_INVALID: expected tokens below 100, got 100',
      'SAMPLING_SETTINGS_INVALID: expected at most 64 stop tokens, got 65',
      'SAMPLING_SETTINGS_INVALID: expected tokens below 100, got -1',
      'SAMPLING_SETTINGS_INVALID: expected one bias for each token',
      'SAMPLING_SETTINGS_INVALID: expected at most 1024 logit biases, got 1025',
      'SAMPLING_SETTINGS_INVALID: expected biases of -100000000 to 100000000, got -100000001',
    ])
  })

  it('are refused for a vocabulary that is empty or too large', () => {
    expect(checkedSettings(DEFAULT_SAMPLING, 0).type).toBe('refused')
    expect(checkedSettings(DEFAULT_SAMPLING, 2 ** 19 + 1).type).toBe('refused')
  })
})
