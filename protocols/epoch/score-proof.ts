/**
 * A score that anybody can check offline: the header that certifies it, who decided that, and the way to its root.
 *
 * What the leaf says is not this protocol's: whoever computes scores reads it (`brume/trust`).
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { bytes, encodeShape, list, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import { PROOF_HASHES_MAX, rootOfInclusion } from '../../core/merkle-proof.ts'
import { leafHash } from '../../core/merkle-tree.ts'
import { type Certificate, CERTIFICATE_SHAPE, isDecisionOf } from './certificate.ts'
import { accept, refuse, type Result } from './errors.ts'
import { decodeHeader, type Header } from './header.ts'
import { isFresh, type TrustedHeader } from './light-client.ts'
import {
  EPOCH_VERSION,
  HASH_BYTES,
  LEAF_BYTES_MAX,
  SCORE_PROOF_BYTES_MAX,
  VALUE_BYTES_MAX,
} from './limits.ts'
import { committeeRoot } from './seats.ts'
import { decodeVersioned } from './versioned.ts'

const SCORE_PROOF = record({
  v: uint(EPOCH_VERSION),
  header: bytes(1, VALUE_BYTES_MAX),
  certificate: CERTIFICATE_SHAPE,
  leaf: bytes(1, LEAF_BYTES_MAX),
  index: uint(),
  size: uint(),
  path: list(bytes(HASH_BYTES), PROOF_HASHES_MAX),
})

export type ScoreProof = Omit<ShapeOf<typeof SCORE_PROOF>, 'v'>

/** What a proof shows. */
export interface ProvenLeaf {
  readonly header: Header
  /** The score, in the encoding of whoever computes scores. */
  readonly leaf: Uint8Array
  /** Who decided the header. */
  readonly certificate: Certificate
}

/** The one encoding of a proof: at most {@link SCORE_PROOF_BYTES_MAX} bytes for 64 seats and 2^20 devices. */
export function encodeScoreProof(proof: ScoreProof): Uint8Array {
  return encodeShape(SCORE_PROOF, { v: EPOCH_VERSION, ...proof })
}

/**
 * The leaf that `encoded` proves, to whoever believes `known`.
 *
 * @param known - The header itself, or one whose committee decided it too: else advanceTrust comes first.
 */
export function verifyScoreProof(
  crypto: Crypto,
  known: TrustedHeader,
  encoded: Uint8Array,
  wallMs: number,
): Result<ProvenLeaf> {
  const decoded = decodeVersioned(SCORE_PROOF, encoded, SCORE_PROOF_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const proof = decoded.value
  const header = decodeHeader(proof.header)
  if (header.type === 'refused') return header
  const { leaf, index, size, path } = proof
  const root = rootOfInclusion(crypto.sha256, { index, size }, leafHash(crypto.sha256, leaf), path)
  const placed = size === header.value.scores
  if (!placed || root === undefined || !bytesEqual(root, header.value.scoresRoot)) {
    return refuse('EPOCH_PROOF_INVALID', 'expected a path from the leaf to the root of the header')
  }
  const problem = certificateProblem(crypto, known, header.value, { proof, wallMs })
  return problem ?? accept({ header: header.value, leaf, certificate: proof.certificate })
}

function certificateProblem(
  crypto: Crypto,
  known: TrustedHeader,
  header: Header,
  { proof, wallMs }: { readonly proof: ScoreProof; readonly wallMs: number },
): Result<never> | undefined {
  if (!bytesEqual(header.network, known.network)) {
    return refuse('EPOCH_MISMATCH', 'expected a header of this mesh')
  }
  const committee = committeeRoot(crypto.sha256, known.committee)
  if (!bytesEqual(header.committee, committee) || !isFresh(known, header, wallMs)) {
    return refuse('EPOCH_TRUST_EXPIRED', 'expected a header by the committee that is known')
  }
  const decision = { value: proof.header, certificate: proof.certificate }
  const decided = isDecisionOf(crypto, header, known.committee, decision)
  return decided
    ? undefined
    : refuse('EPOCH_CERTIFICATE_INVALID', 'expected a quorum of the committee of the header')
}
