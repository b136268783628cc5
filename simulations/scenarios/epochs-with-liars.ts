/**
 * Up to a third of the seats do as they like, in any weather.
 *
 * @module
 */

import { decisionsAreValid } from '../checkers/decisions-are-valid.ts'
import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { forksNameTheGuilty } from '../checkers/forks-name-the-guilty.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawLiars, drawSeats, drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

export const epochsWithLiars = epochScenario({
  name: 'epochs-with-liars',
  question: 'do the honest agree while less than a third lie, and is nobody else blamed?',
  plan(random) {
    const seats = drawSeats(random, 13)
    const third = Math.floor((seats - 1) / 3)
    const liars = drawLiars(
      random,
      seats,
      random.fraction() < 0.5 ? third : below(random, third + 1),
    )
    return { ...PEACE, ...drawWeather(random, seats), seats, liars }
  },
  checkers: [
    seatsAgree,
    decisionsAreValid,
    epochIsDecided,
    nobodyHonestIsAccused,
    forksNameTheGuilty,
  ],
})
