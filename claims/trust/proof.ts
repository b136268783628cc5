/**
 * What a phone needs to believe a score: one file of a few kilobytes, and no network.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import {
  quorumOf,
  type TrustedHeader,
  trustedFrom,
  verifyScoreProof,
} from '../../protocols/epoch/index.ts'
import { decodeScore } from '../../trust/index.ts'
import type { Claim } from '../claim.ts'
import { certifiedScore, DEVICES, SEATS } from './certified-score.ts'

const ROUNDS = 200
const GOAL_BYTES = 5_000
const GOAL_MS = 5

export const claim: Claim = {
  sentence: 'Anybody who knows a committee checks a score that it certified, offline.',
  goal: `≤ ${GOAL_BYTES / 1_000} kB and ≤ ${GOAL_MS} ms with ${SEATS} seats and ${DEVICES} devices, in Node`,
  quick: true,
  run: async ({ say }) => {
    const { header, committee, proof } = certifiedScore()
    const known = trustedFrom(nodeCrypto, header, committee)
    if (known.type === 'refused') throw new Error(known.reason)
    const times = Array.from({ length: ROUNDS }, () => verifyMs(known.value, proof))
    const believed = damagedBelieved(known.value, proof)
    const { p50 } = spread(times)
    say(`${proof.length} bytes: ${quorumOf(SEATS)} signatures, a header of ${header.length} bytes`)
    say(`${believed} of ${proof.length} copies with a changed byte were believed`)
    return {
      met: proof.length <= GOAL_BYTES && p50 <= GOAL_MS && believed === 0,
      figure: `${proof.length} bytes, ${p50.toFixed(2)} ms`,
      facts: { bytes: proof.length, times },
    }
  },
}

function verifyMs(known: TrustedHeader, proof: Uint8Array): number {
  const startMs = performance.now()
  const proven = verifyScoreProof(nodeCrypto, known, proof, known.cutWallMs)
  const score = proven.type === 'value' ? decodeScore(proven.value.leaf) : proven
  const ms = performance.now() - startMs
  if (score.type === 'refused') throw new Error(`${score.code}: ${score.reason}`)
  return ms
}

/** How many copies with one bit of a byte changed are believed. */
function damagedBelieved(known: TrustedHeader, proof: Uint8Array): number {
  return [...proof.entries()].filter(([at, byte]) => {
    const copy = proof.with(at, byte ^ (1 << (at % 8)))
    return verifyScoreProof(nodeCrypto, known, copy, known.cutWallMs).type === 'value'
  }).length
}
