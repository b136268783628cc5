/**
 * A hundred texts, in each of which a stage, two neighbours or a whole device is killed at a random token.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { killNow } from '../../test/fixtures/processes.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, holders, writeText, type WrittenText } from './written-text.ts'

const RUNS = 100
const DAEMONS = 6
const TOKENS = 48
const SEED = 23
/** One kill in five takes the daemon with it, one in five hits two neighbours. */
const DAEMON_SHARE = 0.2
const NEIGHBOUR_SHARE = 0.2
/** Beyond one prefill: the goal for the longest gap between two tokens. */
const GAP_MS_MAX = 1_000

interface Strike {
  readonly what: 'stage' | 'neighbours' | 'daemon'
  readonly stages: number
  /** Index of the stage that is hit, or of the first of two. */
  readonly victim: number
  /** Tokens that are there when it is hit. */
  readonly at: number
}

function strikeOf(random: SeededRandom): Strike {
  const stages = 3 + (random.uint32() % 2)
  const share = random.fraction()
  const what =
    share < DAEMON_SHARE
      ? 'daemon'
      : share < DAEMON_SHARE + NEIGHBOUR_SHARE
        ? 'neighbours'
        : 'stage'
  const last = what === 'neighbours' ? stages - 1 : stages
  return { what, stages, victim: random.uint32() % last, at: 1 + (random.uint32() % (TOKENS - 8)) }
}

/** Who was hit. The requester's own daemon is spared: then only its stage dies. */
async function hit(
  strike: Strike,
  fleet: DaemonFleet,
  requester: TestDaemon,
): Promise<TestDaemon | undefined> {
  const all = await holders(fleet, requester)
  const count = strike.what === 'neighbours' ? 2 : 1
  const victims = all.slice(strike.victim, strike.victim + count)
  const [first] = victims
  if (strike.what === 'daemon' && first !== undefined && first !== requester) {
    await first.kill()
    return first
  }
  for (const victim of victims) for (const pid of victim?.executorPids() ?? []) killNow(pid)
  return undefined
}

interface Scene {
  readonly fleet: DaemonFleet
  readonly requester: TestDaemon
  readonly spec: TextSpec
}

/** Writes a text with a strike in the middle; a daemon that fell is back afterwards. */
async function attempt(
  { fleet, requester, spec }: Scene,
  strike: Strike,
): Promise<{ readonly text: WrittenText; readonly fallen: TestDaemon | undefined }> {
  let fallen: TestDaemon | undefined
  let struck = false
  const text = await writeText(requester, { ...spec, stages: strike.stages }, async (count) => {
    if (struck || count < strike.at) return
    struck = true
    fallen = await hit(strike, fleet, requester)
  })
  if (fallen !== undefined) {
    await fleet.start(fallen.name)
    await fleet.awaitPeers(DAEMONS, 60_000)
  }
  return { text, fallen }
}

interface Siege {
  readonly counts: {
    equal: number
    struck: number
    stage: number
    neighbours: number
    daemon: number
  }
  /** Longest gaps between two tokens of the texts that were struck, in ms. */
  readonly gaps: number[]
}

async function besiege(
  scene: Scene,
  whole: WrittenText,
  { say, signal }: ClaimContext,
): Promise<Siege> {
  const random = SeededRandom.fromInteger(SEED)
  const gaps: number[] = []
  const counts = { equal: 0, struck: 0, stage: 0, neighbours: 0, daemon: 0 }
  for (let run = 1; run <= RUNS && !signal.aborted; run++) {
    const strike = strikeOf(random)
    const { text, fallen } = await attempt(scene, strike)
    if (text.view.state === 'done' && text.trace === whole.trace) counts.equal++
    else say(`run ${run}: OTHER after ${JSON.stringify(strike)}: ${endingOf(text)}`)
    if (text.view.recoveries.length > 0) {
      counts.struck++
      counts[strike.what === 'daemon' && fallen === undefined ? 'stage' : strike.what]++
      gaps.push(text.view.times.gapMaxMs ?? 0)
    }
    if (run % 10 === 0) say(`${run} texts, ${counts.equal} equal`)
  }
  return { counts, gaps }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const claim: Claim = {
  sentence:
    'A stage, two neighbours or a device killed in the middle of a text changes no bit of what follows.',
  goal: `${RUNS} of ${RUNS} texts equal, next token after at most ${GAP_MS_MAX} ms and one prefill`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('texts')
    const { id: model } = await addNovelist(requester)
    const spec: TextSpec = {
      model,
      prompt: 'She looked out of the window, and saw',
      tokensMax: TOKENS,
      ignoreStopTokens: true,
      sampling: { temperature: 0.7, topP: 0.9, repetitionPenalty: 1.1, seed: 1811 },
    }
    const whole = await writeText(requester, { ...spec, stages: 1 })
    if (whole.view.state !== 'done') throw new Error(endingOf(whole))
    say(`${DAEMONS} daemons, 3 or 4 stages, ${TOKENS} tokens a text; seed ${SEED}`)
    say(`undisturbed: ${JSON.stringify(whole.view.text)}`)

    const { counts, gaps } = await besiege({ fleet, requester, spec }, whole, { say, signal })
    const [p50, p95] = [percentile(gaps, 0.5), percentile(gaps, 0.95)]
    const prefillMs = whole.view.times.firstTokenMs ?? 0
    say(
      `struck in time: ${counts.struck} (${counts.stage} stages, ${counts.neighbours} pairs, ${counts.daemon} daemons)`,
    )
    return {
      met: counts.equal === RUNS && p95 <= GAP_MS_MAX + prefillMs,
      figure: `${counts.equal} of ${RUNS} equal, ${counts.struck} struck; next token after p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`,
      facts: { ...counts, gapP50Ms: p50, gapP95Ms: p95, prefillMs },
    }
  },
}
