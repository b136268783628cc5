/**
 * What a phone needs to believe a score: one file of a few kilobytes, and no network.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import type { PeerId } from '../../core/ids.ts'
import { peerIdOf } from '../../core/peer-key.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import {
  encodeHeader,
  encodeScoreProof,
  quorumOf,
  type TrustedHeader,
  trustedFrom,
  verifyScoreProof,
} from '../../protocols/epoch/index.ts'
import { headerBy, quorumFor, testCommittee } from '../../test/fixtures/epoch-committee.ts'
import { namedDomain } from '../../test/fixtures/trust-mesh.ts'
import { decodeScore, type Score, ScoreVector } from '../../trust/index.ts'
import type { Claim } from '../claim.ts'

const SEATS = 64
const DEVICES = 10_000
const ROUNDS = 200
const GOAL_BYTES = 5_000
const GOAL_MS = 5

export const claim: Claim = {
  sentence: 'Anybody who knows a committee checks a score that it certified, offline.',
  goal: `≤ ${GOAL_BYTES / 1_000} kB and ≤ ${GOAL_MS} ms with ${SEATS} seats and ${DEVICES} devices, in Node`,
  quick: true,
  run: async ({ say }) => {
    const seats = testCommittee(SEATS)
    const vector = new ScoreVector(
      nodeCrypto.sha256,
      Array.from({ length: DEVICES }, (_, at) => scoreOf(at)),
    )
    const shown = vector.pathOf(deviceOf(DEVICES / 2))
    if (shown === undefined) throw new Error('expected a score')
    const header = encodeHeader(headerBy(seats, { scoresRoot: vector.root }))
    const ballot = { kind: 'precommit', round: 0, value: nodeCrypto.sha256(header) } as const
    const proof = encodeScoreProof({ header, certificate: quorumFor(seats, ballot), ...shown })
    const known = trustedFrom(nodeCrypto, header, seats.committee)
    if (known.type === 'refused') throw new Error(known.reason)
    const times = Array.from({ length: ROUNDS }, () => verifyMs(known.value, proof))
    const refused = damagedAccepted(known.value, proof)
    const { p50 } = spread(times)
    say(
      `${proof.length} bytes: ${quorumOf(SEATS)} signatures, ${shown.path.length} hashes, a header of ${header.length} bytes`,
    )
    say(`${refused} of ${proof.length} copies with a changed byte were believed`)
    return {
      met: proof.length <= GOAL_BYTES && p50 <= GOAL_MS && refused === 0,
      figure: `${proof.length} bytes, ${p50.toFixed(2)} ms`,
      facts: { bytes: proof.length, times },
    }
  },
}

function deviceOf(at: number): PeerId {
  return peerIdOf(namedDomain(`device ${at}`))
}

function scoreOf(at: number): Score {
  return {
    epoch: 9,
    device: deviceOf(at),
    domain: namedDomain(at),
    micros: 700_000 + at,
    floorMicros: 700_000,
    ceilingMicros: 1_000_000,
    standingMicros: 123_456,
    auditFactorQ16: 65_536,
    faulted: false,
  }
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
function damagedAccepted(known: TrustedHeader, proof: Uint8Array): number {
  return [...proof.entries()].filter(([at, byte]) => {
    const copy = proof.with(at, byte ^ (1 << (at % 8)))
    return verifyScoreProof(nodeCrypto, known, copy, known.cutWallMs).type === 'value'
  }).length
}
