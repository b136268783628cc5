/**
 * Random schedules of failing disks, restored copies and absent peers, and what must hold in all of them.
 *
 * @module
 */

import type { Claim } from '../claim.ts'
import { FaultyDevice, InvariantBroken, type ScheduleCounts } from './faulty-device.ts'

const SCHEDULES = 10_000
const STEPS = 16
/** Another seed for all of them, to look at other schedules or at one again: `LEDGER_SEED=4242`. */
const FIRST_SEED = Number(process.env['LEDGER_SEED'] ?? 1)
const SAID_EVERY = 1_000

export const claim: Claim = {
  sentence: 'Whatever the disk does, a device never forks its ledger nor loses what a peer saw.',
  goal: `L1 to L5 hold in ${SCHEDULES} random schedules`,
  run: async ({ say, signal }) => {
    const sums: Record<string, number> = {}
    const broken: string[] = []
    for (let index = 0; index < SCHEDULES; index++) {
      signal.throwIfAborted()
      const seed = FIRST_SEED + index
      const device = new FaultyDevice(seed)
      try {
        await device.run(STEPS)
      } catch (error) {
        if (!(error instanceof InvariantBroken)) throw new Error(`seed ${seed}`, { cause: error })
        broken.push(`seed ${seed}: ${error.message}`)
        say(broken.at(-1) ?? '')
      }
      add(sums, device.counts)
      if ((index + 1) % SAID_EVERY === 0) say(`${index + 1} schedules, ${textOf(sums)}`)
    }
    return {
      met: broken.length === 0,
      figure: `${SCHEDULES - broken.length} of ${SCHEDULES} hold, with ${textOf(sums)}`,
      facts: { ...sums, firstSeed: FIRST_SEED, broken },
    }
  },
}

function add(sums: Record<string, number>, counts: ScheduleCounts): void {
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
}

function textOf(sums: Readonly<Record<string, number>>): string {
  return Object.entries(sums)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
