/**
 * Seats come back without their disks: they cannot know what they voted for, and abstain.
 *
 * @module
 */

import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawLiars, drawSeats, drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

export const epochsWithLostDisks = epochScenario({
  name: 'epochs-with-lost-disks',
  question: 'does a seat that lost its votes break no promise, and still learn what was decided?',
  plan(random) {
    const seats = drawSeats(random, 10)
    const third = Math.floor((seats - 1) / 3)
    const weather = drawWeather(random, seats)
    const lost = Array.from({ length: 1 + below(random, third) }, () => ({
      type: 'lose-disk' as const,
      seat: below(random, seats),
      atMs: random.fraction() * weather.restlessMs,
      downMs: 10,
    }))
    const liars = drawLiars(random, seats, below(random, third + 1))
    return { ...PEACE, ...weather, seats, liars, faults: [...weather.faults, ...lost] }
  },
  checkers: [seatsAgree, epochIsDecided, nobodyHonestIsAccused],
})
