/**
 * Devices come, change, hang and die, and gossip loses some of what they say.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { below } from '../faults.ts'
import { PresenceWorld } from '../presence-world.ts'
import type { Outcome, Scenario } from '../scenario.ts'

export const presenceComesTrue: Scenario = {
  name: 'presence-comes-true',
  question: 'does each device know exactly those who are there, once nobody comes or goes?',
  run(seed: number): Outcome {
    const random = SeededRandom.fromInteger(seed)
    const devices = 2 + below(random, 24)
    const world = new PresenceWorld({ devices, restlessMs: 300_000 }, random).run()
    const { events, nowMs, story } = world.clock
    return {
      violations: world.violations(),
      events,
      traceHash: world.clock.traceHash(),
      virtualMs: nowMs,
      story,
    }
  },
}
