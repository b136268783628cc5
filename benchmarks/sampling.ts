/**
 * What does drawing a token cost, beside sorting the vocabulary for it?
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import {
  accepted,
  DEFAULT_SAMPLING,
  SamplingMemory,
  samplerOf,
  TokenHistory,
  type SamplingSettings,
} from '../models/index.ts'
import { sortedDraw } from '../test/fixtures/sorting-sampler.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

/** The vocabularies of SmolLM2 and of Qwen2.5. */
const VOCABULARIES = [49_152, 151_936]

/** Different logits in turn, so that no draw finds its own in the nearest cache. */
const ROWS = 8
const WARM_UP = 50
const DRAWS = 200
const DRAWS_SORTED = 20

const CASES: Readonly<Record<string, Partial<SamplingSettings>>> = {
  greedy: { temperatureMicro: 0 },
  'temperature 1': {},
  'top-k 40': { temperatureMicro: 800_000, topK: 40 },
  'top-p 0.95': { temperatureMicro: 800_000, topPMicro: 950_000 },
  'llama.cpp defaults': {
    temperatureMicro: 800_000,
    topK: 40,
    topPMicro: 950_000,
    minPMicro: 50_000,
  },
}

export const benchmark: Benchmark = {
  question: 'what does drawing a token cost, beside sorting the vocabulary for it?',
  async run({ say, signal }): Promise<readonly Row[]> {
    return VOCABULARIES.flatMap((size) => {
      say(`vocabulary of ${size} tokens`)
      const rows = Array.from({ length: ROWS }, (_, seed) => logitsOf(seed, size))
      return Object.entries(CASES).map(([name, part]) => {
        signal.throwIfAborted()
        return compare(`${size} tokens, ${name}`, rows, { ...DEFAULT_SAMPLING, ...part })
      })
    })
  },
}

/** A bell of scores with a tail of some dozen likely tokens, as language models give. */
function logitsOf(seed: number, size: number): Float32Array {
  const random = SeededRandom.fromInteger(seed)
  return Float32Array.from({ length: size }, () => {
    const bell = random.fraction() + random.fraction() + random.fraction() + random.fraction() - 2
    const likely = random.fraction() < 0.001 ? 12 * random.fraction() : 0
    return 4 * bell + likely
  })
}

function compare(name: string, rows: readonly Float32Array[], settings: SamplingSettings): Row {
  const sampler = accepted(samplerOf(settings, new SamplingMemory(rows[0]?.length ?? 0)))
  const history = new TokenHistory([], 1)
  const own = times(rows, DRAWS, (row, position) => sampler.sample(row, { history }, position))
  const sorted = times(rows, DRAWS_SORTED, (row) => sortedDraw(row, settings, 0.5))
  return {
    name,
    figures: {
      'ms p10': own.p10,
      'ms p50': own.p50,
      'sorting / this': sorted.p50 / own.p50,
    },
  }
}

function times(
  rows: readonly Float32Array[],
  count: number,
  draw: (row: Float32Array, position: number) => unknown,
): ReturnType<typeof spread> {
  const all = Array.from({ length: WARM_UP + count }, (_, index) => {
    const row = rows[index % rows.length] ?? new Float32Array()
    const startedMs = performance.now()
    draw(row, index)
    return performance.now() - startedMs
  })
  return spread(all.slice(WARM_UP))
}
