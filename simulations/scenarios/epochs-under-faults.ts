/**
 * Loss, doubles, delays, one-sided cuts, slow disks, hangs and crashes, and some who never come back.
 *
 * @module
 */

import { decisionsAreValid } from '../checkers/decisions-are-valid.ts'
import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawSeats, drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import { below } from '../faults.ts'

export const epochsUnderFaults = epochScenario({
  name: 'epochs-under-faults',
  question: 'do honest seats agree through any weather, and soon after it?',
  plan(random) {
    const seats = drawSeats(random, 16)
    const weather = drawWeather(random, seats)
    const dead = Array.from({ length: below(random, Math.floor((seats - 1) / 3) + 1) }, () => ({
      type: 'die' as const,
      seat: below(random, seats),
      atMs: random.fraction() * weather.restlessMs,
    }))
    return { ...PEACE, ...weather, seats, faults: [...weather.faults, ...dead] }
  },
  checkers: [seatsAgree, decisionsAreValid, epochIsDecided, nobodyHonestIsAccused],
})
