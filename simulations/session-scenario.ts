/**
 * A scenario about one session: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import { endsWithAWord } from './checkers/ends-with-a-word.ts'
import { everyOutputOnce } from './checkers/every-output-once.ts'
import { noStageIsLeft } from './checkers/no-stage-is-left.ts'
import { receiptsAgree } from './checkers/receipts-agree.ts'
import { sameWords } from './checkers/same-words.ts'
import { below } from './faults.ts'
import type { Outcome, Scenario } from './scenario.ts'
import type { SessionChecker } from './session-history.ts'
import type { TextPlan } from './sim-text.ts'
import { SessionWorld, type SessionPlan } from './session-world.ts'

/** What must hold whatever happens. */
const ALWAYS: readonly SessionChecker[] = [
  everyOutputOnce,
  sameWords,
  endsWithAWord,
  receiptsAgree,
  noStageIsLeft,
]

/** Numbers of a session in which nothing is out of the ordinary. */
export const ORDINARY: Omit<SessionPlan, 'stages' | 'faults'> = {
  spares: 40,
  requests: 120,
  inFlightMax: 6,
  journalBytesMax: 1_000_000,
  delayMsMax: 20,
  loadMsMax: 1_000,
  runMsMax: 20,
  recoveriesMax: 64,
}

/** A text of up to a hundred tokens, one in four of which a stop string ends. */
export function drawText(random: SeededRandom, guesses: number): TextPlan {
  const prompt = Array.from({ length: 1 + below(random, 12) }, () => 1 + below(random, 96))
  const tokens = 40 + below(random, 60)
  const stopAt = random.fraction() < 0.25 ? 1 + below(random, tokens) : undefined
  return { prompt, tokens, guesses, stopAt, standbys: random.fraction() < 0.4 }
}

export interface SessionScenarioInit {
  readonly name: string
  readonly question: string
  readonly plan: (random: SeededRandom) => SessionPlan
  /** Beside what must hold always. */
  readonly checkers: readonly SessionChecker[]
}

/** A scenario that runs one session. */
export function sessionScenario(init: SessionScenarioInit): Scenario {
  const { name, question, plan } = init
  const checkers = [...ALWAYS, ...init.checkers]
  return {
    name,
    question,
    run(seed: number): Outcome {
      const random = SeededRandom.fromInteger(seed)
      const world = new SessionWorld(plan(random), random)
      const history = world.run()
      const { events, nowMs, story } = world.clock
      return {
        violations: checkers.flatMap((check) => check(history)),
        events,
        traceHash: world.clock.traceHash(),
        virtualMs: nowMs,
        story,
      }
    },
  }
}
