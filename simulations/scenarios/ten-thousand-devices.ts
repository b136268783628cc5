/**
 * Presence and statements of ten thousand devices: one seed takes most of a minute.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { CrowdWorld } from '../crowd-world.ts'
import type { Outcome, Scenario } from '../scenario.ts'

export const tenThousandDevices: Scenario = {
  name: 'ten-thousand-devices',
  question:
    'does every seat hear of nearly every domain in each epoch, and no device remain alone?',
  run(seed: number): Outcome {
    const plan = { devices: 10_000, seats: 64, epochs: 2 }
    const world = new CrowdWorld(plan, SeededRandom.fromInteger(seed)).run()
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
