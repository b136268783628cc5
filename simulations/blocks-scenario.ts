/**
 * A scenario about one fetch of blobs: what is drawn from the seed, and which invariants must hold.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import { CHUNK_BYTES } from '../protocols/blocks/index.ts'
import { BEHAVIOURS, BlocksWorld, type BlocksPlan, type HolderInit } from './blocks-world.ts'
import { below } from './faults.ts'
import type { Outcome, Scenario } from './scenario.ts'

/** An invariant: what is wrong with a fetch, as sentences; nothing when it holds. */
export type BlocksChecker = (world: BlocksWorld, plan: BlocksPlan) => readonly string[]

export interface BlocksScenarioInit {
  readonly name: string
  readonly question: string
  readonly holders: (random: SeededRandom) => readonly HolderInit[]
  readonly checkers: readonly BlocksChecker[]
}

const EIGHTHS = [0, 1, 2, 3, 4, 5, 6, 7]
const BLOBS_MAX = 6
const HOLDERS_MAX = 5

/** A scenario that runs one fetch. */
export function blocksScenario(init: BlocksScenarioInit): Scenario {
  const { name, question, holders, checkers } = init
  return {
    name,
    question,
    run(seed: number): Outcome {
      const random = SeededRandom.fromInteger(seed)
      const sizes = Array.from({ length: below(random, BLOBS_MAX + 1) }, () =>
        below(random, 3 * CHUNK_BYTES + 10),
      )
      const plan = { sizes, holders: holders(random), seed: random.uint32() }
      const world = new BlocksWorld(plan).run()
      const { clock } = world
      const { events, nowMs, story } = clock
      return {
        violations: checkers.flatMap((check) => check(world, plan)),
        events,
        traceHash: clock.traceHash(),
        virtualMs: nowMs,
        story,
      }
    },
  }
}

/** Which eighths of all chunks a holder has, at random. */
export function someEighths(random: SeededRandom): readonly number[] {
  return EIGHTHS.filter(() => random.fraction() < 0.5)
}

/** What is not in `held`. */
export function otherEighths(held: readonly number[]): readonly number[] {
  return EIGHTHS.filter((eighth) => !held.includes(eighth))
}

/** Up to {@link HOLDERS_MAX} holders of any behaviour. */
export function anyHolders(random: SeededRandom): readonly HolderInit[] {
  return Array.from({ length: below(random, HOLDERS_MAX + 1) }, () => ({
    behaviour: BEHAVIOURS[below(random, BEHAVIOURS.length)] ?? 'honest',
    holds: someEighths(random),
  }))
}
