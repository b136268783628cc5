import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import { accepted } from '../errors.ts'
import { samplerOf, type Sampled, type Sampler } from './sampler.ts'
import { SamplingMemory } from './sampling-memory.ts'
import { DEFAULT_SAMPLING, MICRO, type SamplingSettings } from './sampling-settings.ts'
import { TokenHistory } from './token-history.ts'
import { verifyDraft } from './verify-draft.ts'

const VOCABULARY = 12
const STOP = 3
const PROMPT = [1, 2]

/** A model of the test: logits that depend on all tokens before. */
function logitsAfter(tokens: Iterable<number>): Float32Array {
  let hash = 17
  for (const token of tokens) hash = (Math.imul(hash, 31) + token) >>> 0
  const random = SeededRandom.fromInteger(hash)
  return Float32Array.from({ length: VOCABULARY }, () => random.uint32() / 2 ** 30)
}

/** Up to `count` tokens, one at a time, until a stop token. */
function plain(sampler: Sampler, count: number): readonly Sampled[] {
  const history = new TokenHistory(PROMPT, 100)
  const drawn: Sampled[] = []
  while (drawn.length < count && drawn.at(-1)?.stops !== true) {
    const row = logitsAfter(history.view())
    const sampled = sampler.sample(row, { history }, history.length) as Sampled
    drawn.push(sampled)
    history.append(sampled.token)
  }
  return drawn
}

function rowsFor(history: TokenHistory, draft: readonly number[]): readonly Float32Array[] {
  const tokens = [...history.view()]
  return Array.from({ length: draft.length + 1 }, (_, index) =>
    logitsAfter([...tokens, ...draft.slice(0, index)]),
  )
}

const settings = fc.record({
  temperatureMicro: fc.constantFrom(0, MICRO / 2, 2 * MICRO),
  repetitionPenaltyMicro: fc.constantFrom(MICRO, 1_300_000),
  presencePenaltyMicro: fc.constantFrom(0, MICRO / 2),
  seed: fc.nat(),
})
const samplerFor = (part: Partial<SamplingSettings>) =>
  accepted(
    samplerOf({ ...DEFAULT_SAMPLING, stopTokens: [STOP], ...part }, new SamplingMemory(VOCABULARY)),
  )

describe('a verified draft', () => {
  it('gives the tokens of plain generation, whatever was guessed', () => {
    // Each window guesses `right` tokens that will come, then `wrong` ones.
    const windows = fc.array(
      fc.record({ right: fc.nat(4), wrong: fc.array(fc.nat(VOCABULARY - 1), { maxLength: 3 }) }),
      { minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(settings, windows, (part, guesses) => {
        const expected = plain(samplerFor(part), 60)
        const sampler = samplerFor(part)
        const history = new TokenHistory(PROMPT, 100)
        const drawn: Sampled[] = []
        for (const { right, wrong } of guesses) {
          if (drawn.at(-1)?.stops === true) break
          const coming = expected.slice(drawn.length, drawn.length + right)
          const draft = [...coming.map(({ token }) => token), ...wrong]
          const window = { rows: rowsFor(history, draft), draft, position: history.length }
          const verified = verifyDraft(sampler, window, { history })
          if (verified.type === 'refused') throw new Error(verified.reason)
          expect(verified.accepted).toBeGreaterThanOrEqual(coming.length)
          for (const sampled of verified.tokens) history.append(sampled.token)
          drawn.push(...verified.tokens)
        }
        expect(drawn).toEqual(expected.slice(0, drawn.length))
      }),
    )
  })

  it('leaves history and constraint as they were', () => {
    const history = new TokenHistory(PROMPT, 100)
    const appended: number[] = []
    const constraint = {
      get length() {
        return appended.length
      },
      allowed: () => Uint32Array.of(0xff),
      append: (token: number) => appended.push(token) > 0,
      truncate: (length: number) => {
        appended.length = length
      },
    }
    const sampler = samplerFor({ temperatureMicro: 0, stopTokens: [] })
    const context = { history, constraint }
    const first = sampler.sample(logitsAfter(PROMPT), context, 2) as Sampled
    const draft = [first.token, 11]
    const rows = rowsFor(history, draft)
    const verified = verifyDraft(sampler, { rows, draft, position: 2 }, context)
    expect(verified).toMatchObject({ type: 'tokens', accepted: 1 })
    expect([history.length, appended.length]).toEqual([2, 0])
  })

  it('ends with a stop token, also when more was guessed', () => {
    const row = Float32Array.from({ length: VOCABULARY }, (_, id) => (id === STOP ? 1 : 0))
    const window = { rows: [row, row, row], draft: [STOP, STOP], position: 2 }
    const context = { history: new TokenHistory(PROMPT, 100) }
    const verified = verifyDraft(samplerFor({ temperatureMicro: 0 }), window, context)
    expect(verified).toMatchObject({ accepted: 1, tokens: [{ token: STOP, stops: true }] })
  })

  it('is refused as a whole when a row that it needs is not numbers', () => {
    const row = Float32Array.from({ length: VOCABULARY }, (_, id) => id)
    const broken = new Float32Array(VOCABULARY).fill(Number.NaN)
    const history = new TokenHistory(PROMPT, 100)
    const window = { rows: [row, broken], draft: [VOCABULARY - 1], position: 2 }
    expect(verifyDraft(samplerFor({ temperatureMicro: 0 }), window, { history })).toMatchObject({
      code: 'SAMPLING_LOGITS_INVALID',
    })
    expect(history.length).toBe(2)
  })
})
