/**
 * Providers that cheat on a mesh: over many seeds of recorded outputs, and as daemons.
 *
 * @module
 */

import { NO_AUDITS } from '../../trust/index.ts'
import { CHEATS } from '../../test/fixtures/cheats.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { type Fate, runSeed, TOKENS_MAX } from './audit-seeds.ts'
import { type CaughtDaemons, catchDaemons } from './cheating-daemons.ts'
import { pairOf, recordRuns, type RecordedRuns, RUNNERS } from './recorded-runs.ts'

const SEEDS = 1_000
const CAUGHT_SHARE_MIN = 0.99

/** Newcomers, of whom everything is drawn, and providers with a long honest past, of whom a twentieth is. */
const STARTS = { newcomers: NO_AUDITS, established: { run: 500, withheld: 0 } } as const

type Start = keyof typeof STARTS

export const claim: Claim = {
  sentence:
    'Providers that swap weights to four bits, skip a layer or return cached junk are found; honest ones are not accused.',
  goal: `all three caught within ${TOKENS_MAX} tokens in ≥ ${100 * CAUGHT_SHARE_MIN} % of seeds, 0 honest accused, as daemons too, whose certified scores fall`,
  run: async (context) => {
    const runs = await recordRuns(context)
    for (const runner of RUNNERS) tellCloseness(context, runs, runner)
    const results = (Object.keys(STARTS) as Start[]).map((start) => overSeeds(context, runs, start))
    const daemons = await catchDaemons(context)
    const share = Math.min(...results.map(({ caught }) => caught / SEEDS))
    const fallen = daemons.fallen.filter((name) => CHEATS.some((cheat) => cheat === name))
    const accused =
      results.reduce((all, result) => all + result.accused, daemons.accused.length) +
      (daemons.fallen.length - fallen.length)
    const met =
      share >= CAUGHT_SHARE_MIN &&
      accused === 0 &&
      daemons.caught.length === CHEATS.length &&
      fallen.length === CHEATS.length
    const overheads = results.map(({ start, overhead }) => `${percent(overhead)} ${start}`)
    return {
      met,
      figure:
        `all caught in ${percent(share)} of ${2 * SEEDS} seeds, ${accused} honest accused; ` +
        `daemons: ${daemons.caught.length} of ${CHEATS.length} within ${daemons.tokens} tokens, ${fallen.length} lower in the certified score of all; ` +
        `audits take ${overheads.join(', ')} of the work`,
      facts: {
        results,
        daemons: factsOf(daemons),
        decodeUs: runs.decodeUs,
        prefillUs: runs.prefillUs,
      },
    }
  },
}

function tellCloseness(
  { say }: ClaimContext,
  { closeness }: RecordedRuns,
  runner: (typeof RUNNERS)[number],
): void {
  const close = closeness.get(pairOf('honest', runner))
  if (close === undefined || runner === 'honest') return
  const { overlapPermilleMin, mantissaMeanMax } = close
  say(
    `${runner} beside honest: at least ${overlapPermilleMin} ‰ of the largest activations shared, ` +
      `mantissas off by at most ${mantissaMeanMax.toFixed(2)} on average`,
  )
}

function overSeeds({ say, signal }: ClaimContext, runs: RecordedRuns, start: Start) {
  const cheats = new Set<string>(CHEATS)
  let caught = 0
  let accused = 0
  let audited = 0
  let done = 0
  const tokens: number[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    signal.throwIfAborted()
    const fates = runSeed(runs, seed, STARTS[start])
    const liars = fates.filter(({ runner }) => cheats.has(runner))
    const honest = fates.filter(({ runner }) => !cheats.has(runner))
    if (liars.every(({ failedAfter }) => failedAfter !== undefined)) caught++
    accused += honest.filter(({ failedAfter }) => failedAfter !== undefined).length
    tokens.push(...liars.flatMap(({ failedAfter }) => failedAfter ?? []))
    audited += sum(honest, ({ rowsAudited }) => rowsAudited)
    done += sum(honest, ({ rowsDone }) => rowsDone)
  }
  const overhead = (audited * runs.prefillUs) / (done * runs.decodeUs)
  const sorted = tokens.toSorted((a, b) => a - b)
  const [p50, p99] = [0.5, 0.99].map((share) => sorted[Math.floor(share * (sorted.length - 1))])
  say(
    `${start}: all three caught in ${caught} of ${SEEDS} seeds, after ${p50} tokens in the middle, ` +
      `${p99} in 99 of 100; ${accused} honest accused; audits take ${percent(overhead)} of the work`,
  )
  return { start, caught, accused, p50, p99, overhead }
}

function sum(fates: readonly Fate[], of: (fate: Fate) => number): number {
  return fates.reduce((total, fate) => total + of(fate), 0)
}

function factsOf({ caught, tokens, accused, passed, fallen }: CaughtDaemons): object {
  return { caught, tokens, accused, passed, fallen }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
