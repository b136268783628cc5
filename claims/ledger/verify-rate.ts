/**
 * How fast a ledger is verified, on one core.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { measureVerify } from '../../benchmarks/ledger-verify.ts'
import type { Claim } from '../claim.ts'

const SIGNED_GOAL = 12_000
const ENTRIES_GOAL = 150_000

export const claim: Claim = {
  sentence: 'Verifying a ledger takes little more than its hashes and signatures.',
  goal: `≥ ${SIGNED_GOAL} signed halves/s and ≥ ${ENTRIES_GOAL} entries/s under a head, on one core`,
  run: async ({ say, signal }) => {
    const rates = await measureVerify(say, signal)
    const [signed, bareSignatures, entries, bareHashes] = [
      rates.signed,
      rates.bareSignatures,
      rates.headSigned,
      rates.bareHashes,
    ].map((values) => Math.round(spread(values).p50)) as [number, number, number, number]
    return {
      met: signed >= SIGNED_GOAL && entries >= ENTRIES_GOAL,
      figure: `${signed} halves/s beside ${bareSignatures} bare signatures, ${entries} entries/s beside ${bareHashes} bare pairs of hashes`,
      facts: { signed, bareSignatures, entries, bareHashes },
    }
  },
}
