/**
 * More than a third of the seats lie: the honest may be divided, but not without proof of who did it.
 *
 * @module
 */

import { forksNameTheGuilty } from '../checkers/forks-name-the-guilty.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import type { LiarName } from '../epoch-liars.ts'
import { below } from '../faults.ts'

const DIVIDERS: readonly LiarName[] = ['twins', 'yes-man', 'forgetful', 'yes-man']

export const epochsBeyondAThird = epochScenario({
  name: 'epochs-beyond-a-third',
  question: 'when too many lie, does what was said prove them guilty, and nobody else?',
  plan(random) {
    const seats = 4 + below(random, 4)
    const third = Math.floor((seats - 1) / 3)
    const count = third + 1 + below(random, third + 1)
    const liars = new Map(
      Array.from({ length: Math.min(count, seats - 2) }, (_, seat) => [
        seat,
        DIVIDERS[below(random, DIVIDERS.length)] ?? 'twins',
      ]),
    )
    return { ...PEACE, ...drawWeather(random, seats), seats, liars }
  },
  checkers: [nobodyHonestIsAccused, forksNameTheGuilty],
})
