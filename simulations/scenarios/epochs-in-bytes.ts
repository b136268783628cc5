/**
 * The same as with liars, but what travels are the bytes that devices exchange.
 *
 * @module
 */

import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawLiars, drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

export const epochsInBytes = epochScenario({
  name: 'epochs-in-bytes',
  question: 'does everything that seats say survive being written down?',
  plan(random) {
    const seats = 4 + below(random, 4)
    const liars = drawLiars(random, seats, below(random, Math.floor((seats - 1) / 3) + 1))
    return { ...PEACE, ...drawWeather(random, seats), seats, liars, inBytes: true }
  },
  checkers: [seatsAgree, epochIsDecided, nobodyHonestIsAccused],
})
