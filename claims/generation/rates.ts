/**
 * What cutting a language model over devices costs one text, and brings to many.
 *
 * All devices share the cores of this machine: several stages of one text cannot be quicker than
 * one device here, and the question is how little is lost.
 *
 * @module
 */

import type { TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { llamaCppFolder, LLAMA_CPP_MISSING, llamaRate } from '../../test/fixtures/llama-cpp.ts'
import { smolLm2File } from '../../test/fixtures/real-model.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, addSmolLm2, endingOf, writeText } from './written-text.ts'

const DAEMONS = 3
const TOKENS = 96
const ROUNDS = 5
const STREAMS = 8

/** Shares of the whole model's rate, and how many times it with many texts at once. */
const GOAL = { two: 0.9, three: 0.85, streams: 2, together: 2, hopMs: 0.6 }

interface Rates {
  readonly whole: number[]
  readonly two: number[]
  readonly three: number[]
  /** Tokens a second of all streams together, over two stages. */
  readonly streams: number[]
  /** The same on one device, where only running them together can help. */
  readonly together: number[]
  /** Of a step over two stages, beyond computing, for each of the two links of their ring. */
  readonly hopMs: number[]
  /** llama.cpp with the same file in one process, and over two of its servers; empty where there is none. */
  readonly llama: number[]
  readonly llamaTwo: number[]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function one(requester: TestDaemon, spec: TextSpec): Promise<TextView> {
  const text = await writeText(requester, spec)
  if (text.view.state !== 'done') throw new Error(endingOf(text))
  return text.view
}

/** Between two tokens, beyond what the stages computed, for each link. */
function hopMsOf({ times, stages }: TextView): number {
  const computeMs = stages.reduce((sum, stage) => sum + (stage.computeMs ?? 0), 0)
  return ((times.gapP50Ms ?? Number.NaN) - computeMs) / stages.length
}

/** Each way once, one after another: what else the machine does hits all of them alike. */
async function round(requester: TestDaemon, spec: TextSpec, rates: Rates): Promise<void> {
  const even = { ...spec, objective: 'throughput' as const }
  const rate = ({ times }: TextView): number => times.tokensPerSecond ?? Number.NaN
  rates.whole.push(rate(await one(requester, { ...spec, stages: 1 })))
  const two = await one(requester, { ...even, stages: 2 })
  rates.two.push(rate(two))
  rates.hopMs.push(hopMsOf(two))
  rates.three.push(rate(await one(requester, { ...even, stages: 3 })))
  rates.streams.push(await many(requester, { ...even, stages: 2 }))
  rates.together.push(await many(requester, { ...spec, stages: 1 }))
}

/** Tokens a second of many texts at once. */
async function many(requester: TestDaemon, spec: TextSpec): Promise<number> {
  const startedMs = performance.now()
  const all = await Promise.all(Array.from({ length: STREAMS }, () => one(requester, spec)))
  const tokens = all.reduce((sum, { answerTokens }) => sum + answerTokens, 0)
  return (1000 * tokens) / (performance.now() - startedMs)
}

function noRates(): Rates {
  return {
    whole: [],
    two: [],
    three: [],
    streams: [],
    together: [],
    hopMs: [],
    llama: [],
    llamaTwo: [],
  }
}

/** The same by llama.cpp, where it and a file that it reads are there. */
async function llamaRound({ llama, llamaTwo }: Rates, signal: AbortSignal): Promise<void> {
  const [folder, model] = [llamaCppFolder(), smolLm2File()]
  if (folder === undefined || model === undefined) return
  const run = { folder, model, tokens: TOKENS }
  llama.push(await llamaRate({ ...run, servers: 0 }, signal))
  llamaTwo.push(await llamaRate({ ...run, servers: 2 }, signal))
}

async function measure(
  requester: TestDaemon,
  spec: TextSpec,
  { say, signal }: ClaimContext,
): Promise<Rates> {
  const rates = noRates()
  // What is loaded and measured for the first time does not count.
  await round(requester, spec, noRates())
  for (let count = 0; count < ROUNDS && !signal.aborted; count++) {
    await round(requester, spec, rates)
    await llamaRound(rates, signal)
    const shown = Object.entries(rates).map(
      ([name, values]) => `${name} ${(values.at(-1) ?? 0).toPrecision(3)}`,
    )
    say(shown.join(', '))
  }
  return rates
}

export const claim: Claim = {
  sentence: 'A text over two or three devices is nearly as quick as on one, and many are quicker.',
  goal: `2 stages ≥ ${100 * GOAL.two} %, 3 ≥ ${100 * GOAL.three} % of the whole model's rate; ${STREAMS} texts over 2 stages ≥ ${GOAL.streams} times, run together on one device ≥ ${GOAL.together} times; a hop ≤ ${GOAL.hopMs} ms`,
  run: async (context) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('rates')
    const model = (await addSmolLm2(requester)) ?? (await addNovelist(requester))
    context.say(`${model.name}, ${TOKENS} tokens a text, tokens a second, ${ROUNDS} rounds`)
    const rates = await measure(
      requester,
      {
        model: model.id,
        prompt: 'The sea was calm, and',
        tokensMax: TOKENS,
        hashLogits: false,
        speculation: 'off',
        ignoreStopTokens: true,
        sampling: { temperature: 0 },
      },
      context,
    )
    const whole = median(rates.whole)
    const two = median(rates.two) / whole
    const three = median(rates.three) / whole
    const streams = median(rates.streams) / whole
    const together = median(rates.together) / whole
    const hopMs = median(rates.hopMs)
    const met =
      two >= GOAL.two &&
      three >= GOAL.three &&
      streams >= GOAL.streams &&
      together >= GOAL.together &&
      hopMs <= GOAL.hopMs
    const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
    const llama = median(rates.llama)
    const llamaTwo = median(rates.llamaTwo) / llama
    const beside = Number.isNaN(llama)
      ? LLAMA_CPP_MISSING
      : `llama.cpp ${llama.toFixed(1)}, over 2 of its servers ${percent(llamaTwo)}`
    return {
      met,
      figure: `whole ${whole.toFixed(1)} tokens/s; 2 stages ${percent(two)}, 3 stages ${percent(three)}; ${STREAMS} texts over 2 stages ${streams.toFixed(2)} times, together on one device ${together.toFixed(2)} times; a hop ${hopMs.toFixed(2)} ms; ${beside}`,
      facts: { ...rates },
    }
  },
}
