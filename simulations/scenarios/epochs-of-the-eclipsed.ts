/**
 * Some seats hear for a while from nobody but liars, after Heilman et al., "Eclipse Attacks on Bitcoin's
 * Peer-to-Peer Network" (USENIX Security 2015): whoever holds all neighbours of a device chooses what it sees.
 *
 * @module
 */

import type { SeededRandom } from '../../core/random.ts'
import { decisionsAreValid } from '../checkers/decisions-are-valid.ts'
import { epochIsDecided } from '../checkers/epoch-is-decided.ts'
import { forksNameTheGuilty } from '../checkers/forks-name-the-guilty.ts'
import { nobodyHonestIsAccused } from '../checkers/nobody-honest-is-accused.ts'
import { seatsAgree } from '../checkers/seats-agree.ts'
import { drawLiars, drawSeats, drawWeather, epochScenario, PEACE } from '../epoch-scenario.ts'
import type { Cut } from '../epoch-world.ts'
import { below } from '../faults.ts'

const RESTLESS_MS_MIN = 20_000

export const epochsOfTheEclipsed = epochScenario({
  name: 'epochs-of-the-eclipsed',
  question:
    'does who hears of liars only agree to nothing else than the others, and join them later?',
  plan(random) {
    const seats = drawSeats(random, 13)
    const third = Math.floor((seats - 1) / 3)
    const liars = drawLiars(random, seats, Math.max(1, below(random, third + 1)))
    const honest = Array.from({ length: seats }, (_, seat) => seat).filter(
      (seat) => !liars.has(seat),
    )
    const weather = drawWeather(random, seats)
    const restlessMs = Math.max(RESTLESS_MS_MIN, weather.restlessMs)
    const first = below(random, honest.length)
    const victims = honest.slice(first, first + 1 + below(random, 2))
    const cuts = victims.flatMap((victim) => eclipse(random, { victim, honest, restlessMs }))
    return { ...PEACE, ...weather, restlessMs, seats, liars, cuts }
  },
  checkers: [
    seatsAgree,
    decisionsAreValid,
    epochIsDecided,
    nobodyHonestIsAccused,
    forksNameTheGuilty,
  ],
})

/** No honest seat reaches the victim from the start on; half of the time it reaches none of them either. */
function eclipse(
  random: SeededRandom,
  about: {
    readonly victim: number
    readonly honest: readonly number[]
    readonly restlessMs: number
  },
): readonly Cut[] {
  const { victim, honest, restlessMs } = about
  const others = honest.filter((seat) => seat !== victim)
  const forMs = restlessMs * (0.5 + 0.5 * random.fraction())
  const inward = { atMs: 0, forMs, from: others, to: [victim] }
  const outward = { ...inward, from: [victim], to: others }
  return random.fraction() < 0.5 ? [inward] : [inward, outward]
}
