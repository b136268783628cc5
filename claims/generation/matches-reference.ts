/**
 * A real model of a GGUF file says what llama.cpp makes of the same file.
 *
 * Both round activations to eight bits, each in its own way: where the reference itself hardly
 * prefers one token to another, either is right. From there the text goes on as the reference's.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { DrawnView } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { SMOLLM2_MISSING } from '../../test/fixtures/real-model.ts'
import type { Claim } from '../claim.ts'
import { addSmolLm2, endingOf, writeText } from './written-text.ts'

/** A prompt, the reference's greedy tokens, and at each place [token, logarithm] of the likeliest. */
interface Reference {
  readonly prompt: string
  readonly promptTokens: readonly number[]
  readonly tokens: readonly number[]
  readonly logprobs: readonly (readonly (readonly [token: number, logprob: number])[])[]
}

/** Of the two likeliest tokens, in nats: what is closer is a near-tie. */
const NEAR_TIE = 0.2
const SHARE_MIN = 0.99

interface Comparison {
  readonly compared: number
  readonly nearTies: number
  readonly equal: number
  /** Largest difference of the logarithms of the likeliest tokens. */
  readonly differenceMax: number
}

/** The likeliest tokens as we see them after the reference's own words, place by place. */
async function drawn(
  daemon: TestDaemon,
  model: string,
  { promptTokens, tokens }: Reference,
): Promise<readonly DrawnView[]> {
  const all: DrawnView[] = []
  while (all.length < tokens.length) {
    const text = await writeText(daemon, {
      model,
      promptTokens: [...promptTokens, ...tokens.slice(0, all.length)],
      tokensMax: tokens.length - all.length,
      ignoreStopTokens: true,
      hashLogits: false,
      stages: 1,
      sampling: { temperature: 0, logprobs: 4 },
    })
    if (text.view.state !== 'done') throw new Error(endingOf(text))
    // What follows another token than the reference's is another text.
    const other = text.tokens.findIndex(({ token }, index) => token !== tokens[all.length + index])
    all.push(...(other === -1 ? text.tokens : text.tokens.slice(0, other + 1)))
  }
  return all
}

function compare({ tokens, logprobs }: Reference, ours: readonly DrawnView[]): Comparison {
  let [compared, nearTies, equal, differenceMax] = [0, 0, 0, 0]
  for (const [place, likeliest] of logprobs.entries()) {
    const seen = new Map(ours[place]?.alternatives?.map(({ token, logprob }) => [token, logprob]))
    for (const [token, logprob] of likeliest) {
      const own = seen.get(token)
      if (own !== undefined) differenceMax = Math.max(differenceMax, Math.abs(own - logprob))
    }
    const [first = 0, second = -Infinity] = likeliest.map(([, logprob]) => logprob)
    if (first - second < NEAR_TIE) {
      nearTies++
      continue
    }
    compared++
    if (ours[place]?.token === tokens[place]) equal++
  }
  return { compared, nearTies, equal, differenceMax }
}

export const claim: Claim = {
  sentence: 'A model of a GGUF file draws the tokens that llama.cpp draws from the same file.',
  goal: `at least ${100 * SHARE_MIN} % of tokens outside of near-ties (${NEAR_TIE} nats)`,
  run: async ({ say, signal }) => {
    const { source, prompts } = JSON.parse(
      readFileSync('test/vectors/smollm2-greedy.json', 'utf8'),
    ) as { readonly source: string; readonly prompts: readonly Reference[] }
    await using fleet = new DaemonFleet()
    const [daemon] = await fleet.startMany(1)
    if (daemon === undefined) throw new Error('no daemon')
    const model = await addSmolLm2(daemon)
    if (model === undefined) throw new Error(SMOLLM2_MISSING)
    say(source)
    const all: Comparison[] = []
    for (const reference of prompts) {
      signal.throwIfAborted()
      const comparison = compare(reference, await drawn(daemon, model.id, reference))
      all.push(comparison)
      const { equal, compared, nearTies, differenceMax } = comparison
      say(
        `${JSON.stringify(reference.prompt)}: ${equal} of ${compared}, ${nearTies} near-ties, off by at most ${differenceMax.toFixed(2)}`,
      )
    }
    const sum = (key: 'compared' | 'nearTies' | 'equal'): number =>
      all.reduce((total, each) => total + each[key], 0)
    const [compared, equal] = [sum('compared'), sum('equal')]
    const differenceMax = Math.max(...all.map((each) => each.differenceMax))
    return {
      met: equal / compared >= SHARE_MIN,
      figure: `${equal} of ${compared} tokens equal (${((100 * equal) / compared).toFixed(2)} %), log-probabilities off by at most ${differenceMax.toFixed(2)}`,
      facts: { compared, equal, nearTies: sum('nearTies'), differenceMax },
    }
  },
}
