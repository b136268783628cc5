/**
 * The rate at which a device fetches what it lacks, verified and on its disk.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { measureBlobFetch } from '../../benchmarks/blob-fetch.ts'
import type { Claim } from '../claim.ts'

/** Of plain TCP whose bytes are hashed, written and synced as well. */
const SHARE_GOAL = 0.4

export const claim: Claim = {
  sentence:
    'Weights come encrypted, verified and synced at a good part of the rate of TCP to the disk.',
  goal: `≥ ${SHARE_GOAL} of plain TCP hashed, written and synced, from 1 holder and from 3`,
  run: async ({ say, signal }) => {
    const rates = await measureBlobFetch(say, signal)
    const [plain, stored, fromOne, fromThree] = [
      rates.plain,
      rates.stored,
      rates.fromOne,
      rates.fromThree,
    ].map((values) => spread(values).p50) as [number, number, number, number]
    say(`plain TCP ${plain.toFixed(0)} MB/s, hashed, written and synced ${stored.toFixed(0)} MB/s`)
    const share = Math.min(fromOne, fromThree) / stored
    return {
      met: share >= SHARE_GOAL,
      figure: `${fromOne.toFixed(0)} MB/s from 1 holder, ${fromThree.toFixed(0)} from 3, beside ${stored.toFixed(0)} (plain TCP ${plain.toFixed(0)})`,
      facts: { plain, stored, fromOne, fromThree, share },
    }
  },
}
