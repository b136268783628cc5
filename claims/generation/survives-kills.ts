/**
 * A hundred texts, in each of which a stage, two neighbours or a whole device is killed at a random token.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import { killNow } from '../../test/fixtures/processes.ts'
import type { Claim } from '../claim.ts'
import { besiege, countsText, percentile, type Scene, sceneOf, type Strike } from './strikes.ts'
import { holders } from './written-text.ts'

const RUNS = 100
const DAEMONS = 6
const TOKENS = 48
const SEED = 23
/** One kill in five takes the daemon with it, one in five hits two neighbours, one in ten the prompt. */
const DAEMON_SHARE = 0.2
const NEIGHBOUR_SHARE = 0.2
const PROMPT_SHARE = 0.1
/** Beyond one prefill: the goal for the longest gap between two tokens. */
const GAP_MS_MAX = 1_000

type What = 'stages' | 'pairs' | 'daemons'

function strikeOf(random: SeededRandom): Strike<What> {
  const stages = 3 + (random.uint32() % 2)
  const share = random.fraction()
  const what =
    share < DAEMON_SHARE ? 'daemons' : share < DAEMON_SHARE + NEIGHBOUR_SHARE ? 'pairs' : 'stages'
  const victim = random.uint32() % (what === 'pairs' ? stages - 1 : stages)
  const isPrompt = random.fraction() < PROMPT_SHARE
  return { what, stages, victim, at: isPrompt ? 0 : 1 + (random.uint32() % (TOKENS - 8)) }
}

/** The requester's own daemon is spared: then only its stage dies. */
async function kill(
  { fleet, requester }: Scene,
  { what, victim }: Strike<What>,
): Promise<() => Promise<void>> {
  const all = await holders(fleet, requester)
  const victims = all.slice(victim, victim + (what === 'pairs' ? 2 : 1))
  const [first] = victims
  if (what === 'daemons' && first !== undefined && first !== requester) {
    await first.kill()
    return async () => {
      await fleet.start(first.name)
      await fleet.awaitPeers(DAEMONS, 60_000)
    }
  }
  for (const each of victims) for (const pid of each?.executorPids() ?? []) killNow(pid)
  return () => Promise.resolve()
}

export const claim: Claim = {
  sentence:
    'A stage, two neighbours or a device killed in the middle of a text changes no bit of what follows.',
  goal: `${RUNS} of ${RUNS} texts equal, all of them struck, next token after at most ${GAP_MS_MAX} ms and one prefill`,
  run: async (context) => {
    const { say } = context
    await using fleet = new DaemonFleet()
    const sampling = { temperature: 0.7, topP: 0.9, repetitionPenalty: 1.1, seed: 1811 }
    const { scene, whole } = await sceneOf(fleet, DAEMONS, { tokensMax: TOKENS, sampling })
    say(`${DAEMONS} daemons, 3 or 4 stages, ${TOKENS} tokens a text; seed ${SEED}`)
    say(`undisturbed: ${JSON.stringify(whole.view.text)}`)

    const random = SeededRandom.fromInteger(SEED)
    const strikes = Array.from({ length: RUNS }, () => strikeOf(random))
    const siege = await besiege(scene, { whole, strikes, blow: kill }, context)
    const { equal, struck, kinds, places, gaps } = siege
    const [p50, p95] = [percentile(gaps, 0.5), percentile(gaps, 0.95)]
    const prefillMs = whole.view.times.firstTokenMs ?? 0
    say(`struck: ${countsText(kinds)}; ${countsText(places)}`)
    return {
      met: equal === RUNS && struck === RUNS && p95 <= GAP_MS_MAX + prefillMs,
      figure: `${equal} of ${RUNS} equal, ${struck} struck; next token after p50 ${Math.round(p50)} ms, p95 ${Math.round(p95)} ms`,
      facts: { equal, struck, gapP50Ms: p50, gapP95Ms: p95, prefillMs },
    }
  },
}
