/**
 * Journals hold little or nothing, so that what a successor needs has to be made again.
 *
 * @module
 */

import { answersInTime } from '../checkers/answers-in-time.ts'
import { onlyTheStruckAreReplaced } from '../checkers/only-the-struck-are-replaced.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

export const sessionsWithSmallJournals = sessionScenario({
  name: 'sessions-with-small-journals',
  question: 'does every output come once when journals are too small?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash', 'leave', 'cut'],
      countMax: 4,
      untilMs: 4_000,
      forMsMax: 3_000,
      stages,
    })
    return { ...ORDINARY, stages, faults, journalBytesMax: 32 * below(random, 4) }
  },
  checkers: [answersInTime, onlyTheStruckAreReplaced],
})
