/**
 * One flipped bit in each byte of each kind of evidence: what is still accepted, and where.
 *
 * @module
 */

import { AttestationError, verifyEvidence } from '../../attestation/index.ts'
import { flipped, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import type { Claim } from '../claim.ts'
import { type EvidencePart, type RecordedEvidence, recordedEvidence } from './recorded-evidence.ts'

interface Swept {
  readonly flips: number
  readonly free: number
  readonly wrong: number
}

export const claim: Claim = {
  sentence:
    'Evidence with a flipped bit is refused, but where nothing is concluded from that byte.',
  goal: '0 accepted outside the documented bytes, of each byte of one evidence of each kind',
  run: async ({ say, signal }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    const all: Swept[] = []
    for (const recorded of recordedEvidence()) {
      for (const [name, part] of Object.entries(recorded.parts)) {
        signal.throwIfAborted()
        const swept = sweep(recorded, part)
        all.push(swept)
        const free = part.free === undefined ? '' : ` (${part.free.why})`
        say(
          `${recorded.name} ${name}: ${swept.flips} flips, accepted ${swept.free} free${free}, ${swept.wrong} others`,
        )
        // Others of this process get their turn between parts.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const sum = (count: (swept: Swept) => number) =>
      all.reduce((total, one) => total + count(one), 0)
    const [flips, free, wrong] = [
      sum((one) => one.flips),
      sum((one) => one.free),
      sum((one) => one.wrong),
    ]
    return {
      met: wrong === 0 && flips > 60_000,
      figure: `${wrong} of ${flips} accepted, beside ${free} in documented bytes`,
      facts: { flips, free, wrong },
    }
  },
}

function sweep({ context }: RecordedEvidence, part: EvidencePart): Swept {
  let [free, wrong] = [0, 0]
  for (let offset = 0; offset < part.bytes.length; offset++) {
    try {
      verifyEvidence(part.with(flipped(part.bytes, offset)), context)
      if (part.free?.at(offset) === true) free++
      else wrong++
    } catch (error) {
      // Refused, as it should be; anything else than a refusal is a defect.
      if (!(error instanceof AttestationError)) throw error
    }
  }
  return { flips: part.bytes.length, free, wrong }
}
