/**
 * Work that is audited, while some devices do none of it, copy what others found, or cover for one another.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { type AuditedKind, type AuditPlan, AuditWorld } from '../audits/audit-world.ts'
import { cheatsAreCaught } from '../checkers/cheats-are-caught.ts'
import { copiesCountNothing } from '../checkers/copies-count-nothing.ts'
import { onlyCheatsFail } from '../checkers/only-cheats-fail.ts'
import { below } from '../faults.ts'
import type { Outcome, Scenario } from '../scenario.ts'

/** Tasks of each provider: about as many as an hour of work is cut into. */
const TASKS = 30

const KINDS: readonly AuditedKind[] = ['noisy', 'lazy', 'copy-cat', 'echo', 'other-class']

function drawPlan(random: SeededRandom): AuditPlan {
  const others = Array.from(
    { length: 1 + below(random, 4) },
    () => KINDS[below(random, KINDS.length)] ?? 'lazy',
  )
  const fellows: readonly AuditedKind[] = random.fraction() < 0.5 ? [] : ['colluder', 'colluder']
  return {
    kinds: [
      'honest',
      'honest',
      'honest',
      'other-class',
      'honest',
      'other-class',
      ...fellows,
      ...others,
    ],
    tasks: TASKS,
    laziness: 0.3 + 0.7 * random.fraction(),
    silence: random.fraction() < 0.5 ? 0 : 0.3 * random.fraction(),
  }
}

const CHECKERS = [onlyCheatsFail, cheatsAreCaught, copiesCountNothing]

export const auditsWithLiars: Scenario = {
  name: 'audits-with-liars',
  question: 'does nobody fail an audit but who cheats, whoever copies, colludes or runs nothing?',
  testSeeds: 1,
  run(seed): Outcome {
    const random = SeededRandom.fromInteger(seed)
    const world = new AuditWorld(drawPlan(random), random).run()
    const { events, nowMs, story } = world.clock
    return {
      violations: CHECKERS.flatMap((check) => check(world)),
      events,
      traceHash: world.clock.traceHash(),
      virtualMs: nowMs,
      story,
    }
  },
}
