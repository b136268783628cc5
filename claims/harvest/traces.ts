/**
 * A week of each reference trace under its template, and under what others do by default.
 *
 * @module
 */

import {
  BASELINES,
  type Contestant,
  GovernorContestant,
} from '../../node/harvest/traces/contestant.ts'
import { generateTrace, SCENE_NAMES } from '../../node/harvest/traces/generated-traces.ts'
import { replay, type ReplayScore } from '../../node/harvest/traces/replay.ts'
import type { Trace } from '../../node/harvest/traces/trace.ts'
import { defaultPolicy } from './default-policy.ts'
import type { Claim } from '../claim.ts'

const DAYS = 7
const SEED = 1
const TICK_MS = 1_000

const HARVESTED_MIN = 0.72
const STOPS_MAX = 16
const SHORT_RUNS_MAX = 0.5

/** Scores of one contestant over all traces. */
interface Total {
  readonly name: string
  readonly scores: readonly ReplayScore[]
}

export const claim: Claim = {
  sentence:
    'Brume takes most of the idle time of devices, never beside films, and starts and stops seldom.',
  goal: '≥ 72 % of idle capacity, 0 conflict minutes with media, ≤ 16 stops and ≤ 0.5 runs < 60 s a day',
  run: async ({ say, signal }) => {
    const traces = SCENE_NAMES.map((name) => generateTrace(name, { days: DAYS, seed: SEED }))
    const contestants: readonly (readonly [string, (trace: Trace) => Contestant])[] = [
      ['Brume', ({ header }) => new GovernorContestant(defaultPolicy(header.template))],
      ...Object.entries(BASELINES),
    ]
    const totals: Total[] = []
    for (const [name, contestant] of contestants) {
      const scores: ReplayScore[] = []
      for (const trace of traces) {
        scores.push(replay(trace, contestant(trace), { tickMs: TICK_MS }).score)
        signal.throwIfAborted()
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        say(line(`${name}, ${trace.header.name}`, scores.slice(-1)))
      }
      totals.push({ name, scores })
    }
    for (const { name, scores } of totals) say(line(`${name}, all`, scores))
    return verdict(totals)
  },
}

function verdict(totals: readonly Total[]) {
  const own = totals[0]?.scores ?? []
  const harvested = harvestedOf(own)
  const media = Math.max(...own.map(({ mediaMinutes }) => mediaMinutes))
  const stops = mean(own.map((score) => score.stops))
  const shortRuns = mean(own.map((score) => score.shortRuns))
  const others = totals.slice(1).map(({ name, scores }) => {
    const minutes = Math.max(...scores.map(({ mediaMinutes }) => mediaMinutes))
    return `${name} ${percent(harvestedOf(scores))}, ${minutes.toFixed(0)} min, ${mean(scores.map((score) => score.stops)).toFixed(1)} stops`
  })
  return {
    met:
      harvested >= HARVESTED_MIN &&
      media === 0 &&
      stops <= STOPS_MAX &&
      shortRuns <= SHORT_RUNS_MAX,
    figure: `${percent(harvested)} of idle capacity, ${media.toFixed(1)} min with media, ${stops.toFixed(1)} stops and ${shortRuns.toFixed(2)} short runs a day; ${others.join('; ')}`,
    facts: { totals },
  }
}

function line(name: string, scores: readonly ReplayScore[]): string {
  const of = (key: 'inputMinutes' | 'mediaMinutes' | 'busyMinutes' | 'stops' | 'shortRuns') =>
    mean(scores.map((score) => score[key])).toFixed(1)
  return [
    `${name.padEnd(30)} ${percent(harvestedOf(scores)).padStart(6)}`,
    `in use ${of('inputMinutes')} min`,
    `media ${of('mediaMinutes')} min`,
    `beside busy ${of('busyMinutes')} min`,
    `${of('stops')} stops`,
    `${of('shortRuns')} runs < 60 s`,
  ].join('  ')
}

/** Of the idle processor time of all devices together. */
function harvestedOf(scores: readonly ReplayScore[]): number {
  const sum = (key: 'harvestedCoreMs' | 'idleCoreMs'): number =>
    scores.reduce((total, score) => total + score[key], 0)
  return sum('harvestedCoreMs') / sum('idleCoreMs')
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
