/**
 * Devices leave a mesh one after another and say so; some come back.
 *
 * The same devices that fall silent instead stop the mesh once a third of its seats is empty: how long is told, as a
 * figure to compare with, and for the mesh of seven it must be so.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { below } from '../faults.ts'
import type { Outcome, Scenario } from '../scenario.ts'
import { type Absence, type SeatsPlan, SeatsWorld } from '../seats-world.ts'

/** Epochs until all that were there at the beginning have seats. */
const SETTLED_EPOCHS = 6
/** Epochs after the last that happens. */
const EPOCHS_AFTER = 8
const NEVER = Number.POSITIVE_INFINITY
const EPOCH_MS = 300_000

/** All but two leave, at most four epochs apart; now and then one comes back after at most twenty. */
function plan(random: SeededRandom): SeatsPlan {
  // Every second mesh is one of seven, of which all that leave stay away.
  const isSeven = random.fraction() < 0.5
  const devices = isSeven ? 7 : 3 + below(random, 14)
  const numbers = shuffled(random, devices)
  let from = SETTLED_EPOCHS
  const absences: Absence[] = numbers.slice(2).map((device) => {
    from += below(random, 5)
    const comesBack = !isSeven && random.fraction() < 0.3
    return { device, from, to: comesBack ? from + 1 + below(random, 20) : NEVER }
  })
  const last = Math.max(...absences.flatMap(({ from: at, to }) => [at, to === NEVER ? at : to]))
  return { devices, absences, inWords: true, epochs: last + EPOCHS_AFTER }
}

function shuffled(random: SeededRandom, count: number): readonly number[] {
  const left = Array.from({ length: count }, (_, number) => number)
  return left.map((_, at) => {
    const other = at + below(random, count - at)
    const [chosen, moved] = [left[other] ?? at, left[at] ?? other]
    left[at] = chosen
    left[other] = moved
    return chosen
  })
}

/** What must hold of those who leave in words. */
function violationsOf({ waited, emptySeats, committee, there, fold }: SeatsWorld): string[] {
  const seated = new Set(committee)
  return [
    ...waited.map((epoch) => `at the end of epoch ${epoch} one could not be certified`),
    ...emptySeats.map((where) => `who had left had a seat ${where}`),
    ...[...there].filter((peer) => !seated.has(peer)).map((peer) => `${peer} has no seat`),
    ...committee.filter((peer) => fold.departures.hasLeft(peer)).map((peer) => `${peer} sits`),
  ]
}

export const seatsThatLeave: Scenario = {
  name: 'seats-that-leave',
  question: 'does a mesh go on without waiting while its devices leave, and say so?',
  run(seed: number): Outcome {
    const drawn = plan(SeededRandom.fromInteger(seed))
    const world = new SeatsWorld(drawn).run()
    const silent = new SeatsWorld({ ...drawn, inWords: false }).run()
    return {
      violations: [
        ...violationsOf(world),
        ...(drawn.devices === 7 && silent.waited.length === 0
          ? ['five of seven fell silent, and nobody waited']
          : []),
      ],
      events: world.events + silent.events,
      traceHash: world.traceHash(),
      virtualMs: drawn.epochs * EPOCH_MS,
      story: [
        `${drawn.devices} devices, of which ${world.there.size} are there in the end; ${world.held} epochs of staying for others`,
        ...world.story,
        `${world.waited.length} of ${drawn.epochs} epochs waited for; had they fallen silent, ${silent.waited.length}`,
      ],
    }
  },
}
