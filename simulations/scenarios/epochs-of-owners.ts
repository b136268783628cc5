/**
 * One to three domains, whose owners trust each other: crashes, but no liars.
 *
 * @module
 */

import { decisionsAreValid } from '../checkers/decisions-are-valid.ts'
import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

export const epochsOfOwners = epochScenario({
  name: 'epochs-of-owners',
  question: 'do one, two or three agree through any weather, and with one of three away?',
  plan(random) {
    const seats = 1 + below(random, 3)
    const weather = drawWeather(random, seats)
    const away = seats === 3 && random.fraction() < 0.5
    const faults = away
      ? [...weather.faults, { type: 'die' as const, seat: below(random, 3), atMs: 0 }]
      : weather.faults
    return { ...PEACE, ...weather, seats, faults }
  },
  checkers: [seatsAgree, decisionsAreValid, epochIsDecided, nobodyHonestIsAccused],
})
