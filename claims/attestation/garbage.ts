/**
 * Bytes that are no evidence, in the place of evidence: time and memory that they cost.
 *
 * @module
 */

import { AttestationError, type Evidence, verifyEvidence } from '../../attestation/index.ts'
import { vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import type { Claim } from '../claim.ts'
import { type EvidencePart, recordedEvidence } from './recorded-evidence.ts'

const INPUTS = 10_000
const BYTES_MAX = 256 * 1024
const MS_MAX = 250
const MEMORY_BYTES_MAX = 256 * 1024 * 1024

export const claim: Claim = {
  sentence: 'Garbage in the place of evidence costs little, and never hangs or crashes a verifier.',
  goal: `${INPUTS} inputs of up to 256 KiB: each refused within ${MS_MAX} ms of the processor, memory up by ≤ 256 MiB`,
  run: async ({ say, signal }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    const seed = Date.now() % 0x7fff_ffff
    say(`seed ${seed}`)
    const draw = generator(seed)
    const all = recordedEvidence().flatMap((recorded) =>
      Object.values(recorded.parts).map((part) => ({ recorded, part })),
    )
    const rssBefore = process.memoryUsage().rss
    let [worstMs, refused, peak] = [0, 0, rssBefore]
    for (let index = 0; index < INPUTS; index++) {
      signal.throwIfAborted()
      const chosen = all[index % all.length]
      if (chosen === undefined) throw new Error('there is evidence')
      const evidence = chosen.part.with(garbage(chosen.part, draw))
      const before = process.cpuUsage()
      if (isRefused(evidence, chosen.recorded.context)) refused++
      const { user, system } = process.cpuUsage(before)
      // Time of the processor: others on this machine do not count.
      worstMs = Math.max(worstMs, (user + system) / 1_000)
      if (index % 500 === 0) {
        peak = Math.max(peak, process.memoryUsage().rss)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const grown = peak - rssBefore
    const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0)
    return {
      met: refused === INPUTS && worstMs <= MS_MAX && grown <= MEMORY_BYTES_MAX,
      figure: `${refused} of ${INPUTS} refused, ${worstMs.toFixed(0)} ms at most, memory up by ${mib(grown)} MiB`,
      facts: { seed, refused, worstMs, grown },
    }
  },
}

/** Noise alone, genuine bytes with noise behind their head, or a head that promises much. */
function garbage(part: EvidencePart, draw: () => number): Uint8Array {
  const length = 1 + Math.floor(draw() * BYTES_MAX)
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 1 + Math.floor(at / 4096))
    bytes[at] = Math.floor(draw() * 256)
  const kept = Math.floor(draw() * Math.min(part.bytes.length, length) * 0.9)
  if (draw() < 0.7) bytes.set(part.bytes.subarray(0, kept))
  if (draw() < 0.3) bytes.fill(draw() < 0.5 ? 0xff : 0x81, kept)
  return bytes
}

function isRefused(evidence: Evidence, context: Parameters<typeof verifyEvidence>[1]): boolean {
  try {
    verifyEvidence(evidence, context)
    return false
  } catch (error) {
    // Refused, as it should be; anything else than a refusal is a defect.
    if (error instanceof AttestationError) return true
    throw error
  }
}

/** Numbers in [0, 1) that a seed gives again (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
