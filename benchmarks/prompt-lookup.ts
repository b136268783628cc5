/**
 * What does guessing from a text cost that grows by a token at a time, beside going through all of it?
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import { PromptLookup } from '../models/index.ts'
import { scannedDraft } from '../test/fixtures/scanning-lookup.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const LENGTHS = [512, 4_096, 32_768]

/** As texts are guessed from. */
const INIT = { ngramMax: 3, draftMax: 7 }

/** A vocabulary of which few tokens make up most of a text. */
const TOKENS = 49_152

const WARM_UP = 200
const STEPS = 1_000

export const benchmark: Benchmark = {
  question:
    'what does guessing cost in a text that grows, beside going through all of it each time?',
  async run({ say, signal }): Promise<readonly Row[]> {
    return LENGTHS.map((length) => {
      signal.throwIfAborted()
      say(`a text of ${length} tokens`)
      return compare(length)
    })
  },
}

function compare(length: number): Row {
  const random = SeededRandom.fromInteger(length)
  const next = (): number => Math.floor(TOKENS * random.fraction() ** 6)
  const text = Array.from({ length }, next)
  const more = Array.from({ length: WARM_UP + STEPS }, next)
  const lookup = new PromptLookup(INIT)
  for (const token of text) lookup.append(token)
  const grown = times(more, (token) => {
    lookup.append(token)
    return lookup.draft()
  })
  const scanned = times(more, (token) => {
    text.push(token)
    return scannedDraft(Int32Array.from(text), INIT)
  })
  return {
    name: `${length} tokens`,
    figures: {
      'us p10': 1000 * grown.p10,
      'us p50': 1000 * grown.p50,
      'going through / this': scanned.p50 / grown.p50,
    },
  }
}

function times(
  tokens: readonly number[],
  step: (token: number) => unknown,
): ReturnType<typeof spread> {
  const all = tokens.map((token) => {
    const startedMs = performance.now()
    step(token)
    return performance.now() - startedMs
  })
  return spread(all.slice(WARM_UP))
}
