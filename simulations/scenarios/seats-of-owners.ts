/**
 * Devices get owners and leave them while epochs go on: wishes that suit nobody, and two owners at once, among them.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import { below } from '../faults.ts'
import type { Outcome, Scenario } from '../scenario.ts'
import { type OwnerWish, type SeatsPlan, SeatsWorld } from '../seats-world.ts'

/** Epochs until all that were there at the beginning have seats. */
const SETTLED_EPOCHS = 6
/** Epochs in which something is wished for: two after another hold. */
const WISHING_EPOCHS = 3 * TRUST_LIMITS.OWNER_EPOCHS
/** Epochs after the last wish: it holds, and seats follow. */
const EPOCHS_AFTER = TRUST_LIMITS.OWNER_EPOCHS + 6
const EPOCH_MS = 300_000

function plan(random: SeededRandom): SeatsPlan {
  const devices = 4 + below(random, 10)
  const last = SETTLED_EPOCHS + WISHING_EPOCHS
  const wishes: OwnerWish[] = []
  for (let epoch = SETTLED_EPOCHS; epoch < last; epoch++) {
    const count = random.fraction() < 0.4 ? 1 + below(random, 3) : 0
    for (let wish = 0; wish < count; wish++) {
      const owner = below(random, devices)
      // The founder, where trust starts, may wish for an owner as well, and gets none.
      const device = (owner + 1 + below(random, devices - 1)) % devices
      wishes.push({ epoch, owner, device, binds: random.fraction() < 0.6 })
      // Another one claims it as well.
      const rival = below(random, devices)
      const isContested = rival !== device && random.fraction() < 0.3
      if (isContested) wishes.push({ epoch, owner: rival, device, binds: true })
    }
  }
  return { devices, wishes, absences: [], inWords: true, epochs: last + EPOCHS_AFTER }
}

function violationsOf(world: SeatsWorld): readonly string[] {
  const { waited, doubleSeats, ordered, committee, there, fold } = world
  const seated = new Set(committee)
  const speakers = [...there].filter((peer) => fold.owners.speakerOf(peer, fold.epoch) === peer)
  const scored = new Set(fold.scores().scores.scores.map(({ device }) => device))
  return [
    ...waited.map((epoch) => `at the end of epoch ${epoch} one could not be certified`),
    ...doubleSeats.map((where) => `a device had a seat beside its owner ${where}`),
    ...ordered.map((epoch) => `the order of words made a difference in epoch ${epoch}`),
    ...speakers.filter((peer) => !seated.has(peer)).map((peer) => `${peer} has no seat`),
    ...[...there].filter((peer) => !scored.has(peer)).map((peer) => `${peer} has no score`),
  ]
}

export const seatsOfOwners: Scenario = {
  name: 'seats-of-owners',
  question: 'has each owner one seat, and every owner one, while devices come to owners and leave?',
  run(seed: number): Outcome {
    const drawn = plan(SeededRandom.fromInteger(seed))
    const world = new SeatsWorld(drawn).run()
    const ties = world.fold.owners.ties.length
    return {
      violations: violationsOf(world),
      events: world.events,
      traceHash: world.traceHash(),
      virtualMs: drawn.epochs * EPOCH_MS,
      story: [`${drawn.devices} devices, of which ${ties} had another owner`, ...world.story],
    }
  },
}
