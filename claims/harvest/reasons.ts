/**
 * Weeks of devices whose signals fail at random: is there a reason whenever nothing is lent?
 *
 * @module
 */

import { type Random, SeededRandom } from '../../core/random.ts'
import { GovernorContestant } from '../../node/harvest/traces/contestant.ts'
import { generateTrace, SCENE_NAMES } from '../../node/harvest/traces/generated-traces.ts'
import { replay } from '../../node/harvest/traces/replay.ts'
import type { Trace, TraceEvent } from '../../node/harvest/traces/trace.ts'
import type { SignalName } from '../../node/harvest/signals.ts'
import { defaultPolicy } from './default-policy.ts'
import type { Claim } from '../claim.ts'

const DAYS = 2
const SEEDS = [1, 2]
const TICK_MS = 1_000
/** Signals that are lost, and for how long on average, in ms. */
const FAILING: readonly SignalName[] = [
  'cpu',
  'lastInputAtMs',
  'supplies',
  'media',
  'memory',
  'disk',
  'network',
]
const FAILURE_GAP_MS = 3_600_000

export const claim: Claim = {
  sentence: 'Whenever Brume lends nothing it can say why.',
  goal: '100 % of the seconds with a level of 0 carry a reason',
  run: async ({ say, signal }) => {
    let [zeroSeconds, unexplained] = [0, 0]
    for (const name of SCENE_NAMES) {
      for (const seed of SEEDS) {
        const trace = withFailures(generateTrace(name, { days: DAYS, seed }), seed)
        const contestant = new GovernorContestant(defaultPolicy(trace.header.template))
        const { score } = replay(trace, contestant, { tickMs: TICK_MS })
        zeroSeconds += score.zeroSeconds
        unexplained += score.unexplainedSeconds
        say(
          `${name}, seed ${seed}: ${score.zeroSeconds} s at 0, ${score.unexplainedSeconds} without a reason`,
        )
        signal.throwIfAborted()
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
      }
    }
    const share = zeroSeconds === 0 ? 0 : (100 * (zeroSeconds - unexplained)) / zeroSeconds
    return {
      met: zeroSeconds > 0 && unexplained === 0,
      figure: `${share.toFixed(share === 100 ? 0 : 3)} % of ${zeroSeconds} s`,
      facts: { zeroSeconds, unexplained },
    }
  },
}

/** The same trace, in which signals are lost now and then until they change again. */
function withFailures(trace: Trace, seed: number): Trace {
  const random: Random = SeededRandom.fromInteger(seed)
  const failures: TraceEvent[] = []
  for (let atMs = 0; atMs < trace.lengthMs;) {
    atMs += Math.ceil(-FAILURE_GAP_MS * Math.log(1 - random.fraction()))
    const name = FAILING[Math.floor(random.fraction() * FAILING.length)]
    if (name !== undefined && atMs < trace.lengthMs) failures.push({ atMs, lost: [name] })
  }
  const events = [...trace.events, ...failures].toSorted((a, b) => a.atMs - b.atMs)
  return { ...trace, events }
}
