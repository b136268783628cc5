/**
 * Texts in whose middle a process stops without dying: nothing is closed, nothing is said.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { besiege, countsText, percentile, type Scene, sceneOf, type Strike } from './strikes.ts'
import { holders } from './written-text.ts'

const RUNS = 20
const DAEMONS = 5
const STAGES = 3
const TOKENS = 32
const SEED = 29
/** Beyond one prefill: a second until it is noticed, and what a kill may take. */
const GAP_MS_MAX = 2_000

type What = 'executors' | 'daemons'

function strikeOf(random: SeededRandom, run: number): Strike<What> {
  const what = run % 2 === 0 ? 'executors' : 'daemons'
  const victim = random.uint32() % STAGES
  return { what, stages: STAGES, victim, at: 1 + (random.uint32() % (TOKENS - 8)) }
}

/** A daemon that was stopped goes on after the text. The requester's own is spared: then its stage stops. */
async function hang(
  { fleet, requester }: Scene,
  { what, victim }: Strike<What>,
): Promise<() => Promise<void>> {
  const holder = (await holders(fleet, requester))[victim]
  if (holder === undefined) return () => Promise.resolve()
  if (what === 'daemons' && holder !== requester) {
    process.kill(holder.pid, 'SIGSTOP')
    return async () => {
      process.kill(holder.pid, 'SIGCONT')
      await fleet.awaitPeers(DAEMONS, 60_000)
    }
  }
  for (const pid of holder.executorPids()) process.kill(pid, 'SIGSTOP')
  // It is ended by its daemon, which knows that a stopped process does not compute.
  return () => Promise.resolve()
}

export const claim: Claim = {
  sentence:
    'A stage or a device that hangs in the middle of a text is replaced, and no bit changes.',
  goal: `${RUNS} of ${RUNS} texts equal, all of them struck, next token after at most ${GAP_MS_MAX} ms and one prefill (p95)`,
  run: async (context) => {
    const { say } = context
    await using fleet = new DaemonFleet()
    const sampling = { temperature: 0.7, topP: 0.9, seed: 1811 }
    const { scene, whole } = await sceneOf(fleet, DAEMONS, { tokensMax: TOKENS, sampling })
    const random = SeededRandom.fromInteger(SEED)
    const strikes = Array.from({ length: RUNS }, (_, run) => strikeOf(random, run))
    const siege = await besiege(scene, { whole, strikes, blow: hang }, context)
    const { equal, struck, kinds, places, gaps } = siege
    const [p50, p95] = [percentile(gaps, 0.5), percentile(gaps, 0.95)]
    const prefillMs = whole.view.times.firstTokenMs ?? 0
    say(`${DAEMONS} daemons, ${STAGES} stages, ${TOKENS} tokens a text; seed ${SEED}`)
    say(`struck: ${countsText(kinds)}; ${countsText(places)}`)
    return {
      met: equal === RUNS && struck === RUNS && p95 <= GAP_MS_MAX + prefillMs,
      figure: `${equal} of ${RUNS} equal, ${struck} struck; next token after p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`,
      facts: { equal, struck, gapP50Ms: p50, gapP95Ms: p95, prefillMs },
    }
  },
}
