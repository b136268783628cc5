/**
 * A score among many, certified by a full committee, for the claims about proofs.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { peerIdOf } from '../../core/peer-key.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { type Committee, encodeHeader, encodeScoreProof } from '../../protocols/epoch/index.ts'
import { headerBy, quorumFor, testCommittee } from '../../test/fixtures/epoch-committee.ts'
import { namedDomain } from '../../test/fixtures/trust-mesh.ts'
import { type Score, ScoreVector } from '../../trust/index.ts'

export const SEATS = 64
export const DEVICES = 10_000

/** What a client holds, and what it is shown. */
export interface CertifiedScore {
  readonly header: Uint8Array
  readonly committee: Committee
  readonly proof: Uint8Array
  /** When the header was made, in milliseconds since 1970. */
  readonly wallMs: number
}

export function certifiedScore(): CertifiedScore {
  const seats = testCommittee(SEATS)
  const vector = new ScoreVector(
    nodeCrypto.sha256,
    Array.from({ length: DEVICES }, (_, at) => scoreOf(at)),
  )
  const shown = vector.pathOf(deviceOf(DEVICES / 2))
  if (shown === undefined) throw new Error('expected a score')
  const fields = headerBy(seats, { scoresRoot: vector.root, scores: DEVICES })
  const header = encodeHeader(fields)
  const ballot = { kind: 'precommit', round: 0, value: nodeCrypto.sha256(header) } as const
  const proof = encodeScoreProof({ header, certificate: quorumFor(seats, ballot), ...shown })
  return { header, committee: seats.committee, proof, wallMs: fields.cutWallMs }
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
