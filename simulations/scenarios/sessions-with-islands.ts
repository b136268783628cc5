/**
 * A device reaches the requester and nobody else: each next stage looks lost to it.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { below } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsWithIslands = sessionScenario({
  name: 'sessions-with-islands',
  question: 'does a session get rid of the device that reaches nobody, not of all others?',
  plan(random) {
    const stages = 2 + below(random, 3)
    const stage = below(random, stages)
    const forMs = 3_600_000
    const faults = [{ type: 'isolate', atMs: random.fraction() * 3_000, stage, forMs }] as const
    return { ...ORDINARY, stages, faults, spares: 6, recoveriesMax: 16 }
  },
  checkers: [answersInTime],
})
