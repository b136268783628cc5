import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import { sortedDraw } from '../../test/fixtures/sorting-sampler.ts'
import { accepted } from '../errors.ts'
import { uniformAt } from './counter-draw.ts'
import { SamplingMemory } from './sampling-memory.ts'
import { samplerOf, type Sampled } from './sampler.ts'
import { BAN_MICRO, DEFAULT_SAMPLING, MICRO, type SamplingSettings } from './sampling-settings.ts'
import { TokenHistory } from './token-history.ts'

const NONE = new TokenHistory([], 16)
const sampler = (part: Partial<SamplingSettings>, vocabularySize: number) =>
  accepted(samplerOf({ ...DEFAULT_SAMPLING, ...part }, new SamplingMemory(vocabularySize)))
const draw = (
  logits: readonly number[],
  part: Partial<SamplingSettings>,
  history = NONE,
  position = 0,
) => sampler(part, logits.length).sample(Float32Array.from(logits), { history }, position)
const token = (...given: Parameters<typeof draw>) => {
  const result = draw(...given)
  return result.type === 'token' ? result.token : result.code
}
const greedy = { temperatureMicro: 0 }

/** Logits that are the same on every platform: integer draws, summed, over a power of two. */
function seededLogits(seed: number, vocabularySize: number): Float32Array {
  const random = SeededRandom.fromInteger(seed)
  return Float32Array.from({ length: vocabularySize }, () => {
    const sum = (random.uint32() >>> 12) + (random.uint32() >>> 12) + (random.uint32() >>> 12)
    return (sum - 1.5 * 2 ** 20) / 2 ** 17
  })
}

describe('a greedy draw', () => {
  it('takes the highest logit, and the lowest id among equals', () => {
    expect(token([1, 3, 2, 3], greedy)).toBe(1)
    expect(token([-0, 0, -1], greedy)).toBe(0)
    expect(token([Number.NEGATIVE_INFINITY, -5], greedy)).toBe(1)
  })

  it('adds biases, and takes the lowest for a ban', () => {
    expect(token([0, 1], { ...greedy, logitBias: [{ token: 0, biasMicro: 1_000_001 }] })).toBe(0)
    expect(token([0, 9e6], { ...greedy, logitBias: [{ token: 1, biasMicro: BAN_MICRO }] })).toBe(0)
  })

  it('divides positive and multiplies negative logits of tokens within the window', () => {
    const history = new TokenHistory([0, 1], 8)
    const penalty = { ...greedy, repetitionPenaltyMicro: 2 * MICRO }
    expect(token([4, 3, 2.5], { ...penalty, repetitionWindow: 0 }, history)).toBe(2)
    expect(token([4, 3, 2.5], { ...penalty, repetitionWindow: 1 }, history)).toBe(0)
    expect(token([-2, -3, -3.5], { ...penalty, repetitionWindow: 2 }, history)).toBe(2)
  })

  it('takes frequency and presence penalties off generated tokens only', () => {
    const history = new TokenHistory([1, 1, 1], 8)
    for (const id of [0, 0]) history.append(id)
    expect(token([1, 0.6], { ...greedy, presencePenaltyMicro: 300_000 }, history)).toBe(0)
    expect(token([1, 0.6], { ...greedy, presencePenaltyMicro: 500_000 }, history)).toBe(1)
    expect(token([1, 0.6], { ...greedy, frequencyPenaltyMicro: 250_000 }, history)).toBe(1)
  })

  it('does not stop before enough tokens', () => {
    const stop = { ...greedy, stopTokens: [1], minTokens: 2 }
    const history = new TokenHistory([0], 8)
    history.append(0)
    expect(draw([0, 1], stop, history)).toMatchObject({ token: 0, stops: false })
    history.append(0)
    expect(draw([0, 1], stop, history)).toMatchObject({ token: 1, stops: true })
  })

  it('ignores tokens of the history that no vocabulary has', () => {
    const history = new TokenHistory([7, -1, 2 ** 31], 8)
    history.append(9)
    const part = { repetitionPenaltyMicro: 2 * MICRO, presencePenaltyMicro: MICRO }
    expect(token([1, 2], { ...greedy, ...part }, history)).toBe(1)
  })

  it('keeps to the mask of a constraint', () => {
    const constraint = {
      length: 0,
      allowed: () => Uint32Array.of(0b101, 0),
      append: () => true,
      truncate: () => {},
    }
    const context = { history: NONE, constraint }
    const own = sampler(greedy, 40)
    const logits = Float32Array.from({ length: 40 }, (_, id) => id)
    expect(own.sample(logits, context, 0)).toMatchObject({ token: 2 })
    const none = { ...constraint, allowed: () => new Uint32Array(2) }
    expect(own.sample(logits, { history: NONE, constraint: none }, 0)).toMatchObject({
      code: 'SAMPLING_NOTHING_ALLOWED',
    })
  })
})

describe('logits that are none', () => {
  it.each([
    ['NaN first', [Number.NaN, 1, 2]],
    ['NaN last', [1, 2, Number.NaN]],
    ['NaN between', [1, Number.NaN, 2]],
    ['Infinity', [1, Number.POSITIVE_INFINITY, 2]],
    ['nothing but -Infinity', [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['what a penalty takes beyond float32', [3e38, 1]],
  ])('are refused, never drawn from: %s', (_, logits) => {
    const history = new TokenHistory([0], 4)
    const part = { ...greedy, repetitionPenaltyMicro: MICRO / 10 }
    expect(token(logits, part, history)).toBe('SAMPLING_LOGITS_INVALID')
    expect(token(logits, { ...part, temperatureMicro: MICRO }, history)).toBe(
      'SAMPLING_LOGITS_INVALID',
    )
  })

  it('are refused when they are not one for each token', () => {
    expect(sampler({}, 3).sample(new Float32Array(2), { history: NONE }, 0)).toEqual({
      type: 'refused',
      code: 'SAMPLING_LOGITS_INVALID',
      reason: 'expected 3 logits, got 2',
    })
  })
})

describe('a draw', () => {
  const settings = fc.record({
    temperatureMicro: fc.integer({ min: 1, max: 5 * MICRO }),
    topK: fc.oneof(fc.constant(0), fc.nat(40)),
    topPMicro: fc.oneof(fc.constant(MICRO), fc.integer({ min: 1, max: MICRO })),
    minPMicro: fc.oneof(fc.constant(0), fc.nat(MICRO)),
    seed: fc.maxSafeNat(),
  })
  // Halves make ties; a flat scale makes long nuclei.
  const logits = fc
    .tuple(fc.array(fc.integer({ min: -60, max: 60 }), { minLength: 1, maxLength: 200 }), fc.nat(3))
    .map(([values, scale]) =>
      Float32Array.from(values, (value) => value / [2, 8, 1_000, 3][scale]!),
    )

  it('is what sorting the vocabulary gives', () => {
    fc.assert(
      fc.property(logits, settings, fc.maxSafeNat(), (row, part, position) => {
        const all = { ...DEFAULT_SAMPLING, ...part }
        const result = sampler(part, row.length).sample(row, { history: NONE }, position)
        expect(result).toMatchObject({
          token: sortedDraw(row, all, uniformAt(part.seed, position)),
        })
      }),
      { numRuns: 1_000 },
    )
  })

  it('does not depend on draws before it', () => {
    fc.assert(
      fc.property(logits, logits, settings, (row, other, part) => {
        const used = sampler(part, row.length)
        const before = Float32Array.from(row, (_, id) => other[id] ?? 0)
        used.sample(before, { history: NONE }, 1)
        expect(used.sample(row, { history: NONE }, 2)).toEqual(
          sampler(part, row.length).sample(row, { history: NONE }, 2),
        )
      }),
    )
  })

  it('leaves the logits as they are', () => {
    const row = seededLogits(1, 100)
    const copy = row.slice()
    sampler({ topK: 5, repetitionPenaltyMicro: 2 * MICRO }, 100).sample(
      row,
      { history: new TokenHistory([1, 2], 4) },
      0,
    )
    expect(row).toEqual(copy)
  })

  it.each([
    ['plain', {}, 1],
    ['cool', { temperatureMicro: 500_000 }, 0.5],
    ['hot', { temperatureMicro: 2 * MICRO }, 2],
  ])('comes as often as its probability says: %s', (_, part, temperature) => {
    const seed = 20_261_126
    const draws = 40_000
    const row = Float32Array.from({ length: 30 }, (__, id) => Math.fround(id / 10))
    const own = sampler({ ...part, seed }, row.length)
    const counts = Array.from(row, () => 0)
    for (let position = 0; position < draws; position++) {
      const { token: id } = own.sample(row, { history: NONE }, position) as Sampled
      counts[id] = (counts[id] ?? 0) + 1
    }
    const weights = Array.from(row, (logit) => Math.exp(logit / temperature))
    const total = weights.reduce((a, b) => a + b)
    const deviation = counts
      .map((count, id) => {
        const expected = (draws * (weights[id] ?? 0)) / total
        return (count - expected) ** 2 / expected
      })
      .reduce((a, b) => a + b)
    // Chi-square with 29 degrees of freedom exceeds 66.2 once in 10,000 seeds.
    expect(deviation, `seed ${seed}`).toBeLessThan(66.2)
  })
})

describe('log-probabilities', () => {
  it('are those of the model, before temperature and filters', () => {
    const row = [Math.log(1 / 8), Math.log(1 / 2), Math.log(3 / 8)]
    const result = draw(row, { topK: 1, temperatureMicro: 1, logprobs: 2 }) as Sampled
    expect(result.token).toBe(1)
    expect(result.logprob).toBeCloseTo(Math.log(1 / 2), 6)
    expect(result.alternatives.map(({ token: id }) => id)).toEqual([1, 2])
    expect(result.alternatives[1]?.logprob).toBeCloseTo(Math.log(3 / 8), 6)
  })

  it('list the likeliest as a sort does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (row, logprobs) => {
          const { alternatives } = draw(row, { logprobs }) as Sampled
          const sorted = row.map((logit, id) => ({ logit, id }))
          expect(alternatives.map(({ token: id }) => id)).toEqual(
            sorted
              .toSorted((a, b) => b.logit - a.logit || a.id - b.id)
              .slice(0, logprobs)
              .map(({ id }) => id),
          )
        },
      ),
    )
  })
})

describe('vectors', () => {
  interface Vector {
    readonly settings: Partial<SamplingSettings>
    readonly prompt: readonly number[]
    readonly tokens: readonly number[]
    readonly firstLogprob?: number
  }
  const vectors = JSON.parse(readFileSync('test/vectors/sampling.json', 'utf8')) as Readonly<
    Record<string, Vector>
  >

  it.each(Object.entries(vectors))('give these tokens: %s', (_, vector) => {
    const own = sampler(vector.settings, 1_000)
    const history = new TokenHistory(vector.prompt, 100)
    const drawn: Sampled[] = []
    for (let index = 0; index < vector.tokens.length; index++) {
      const result = own.sample(seededLogits(index, 1_000), { history }, history.length) as Sampled
      drawn.push(result)
      history.append(result.token)
    }
    expect(drawn.map(({ token: id }) => id)).toEqual(vector.tokens)
    expect(drawn[0]?.logprob).toBe(vector.firstLogprob)
  })
})
