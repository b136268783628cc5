/**
 * The proof of a score as a file: it holds all that is needed to check it but whom to trust.
 *
 * @module
 */

import { bytes, decodeShape, encodeShape, list, record, uint } from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import { bytesEqual, toHex } from '../../core/bytes.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  type Committee,
  committeeShape,
  encodeHeader,
  encodeScoreProof,
  EPOCH_LIMITS,
  type EpochErrorCode,
  type Header,
  modeOf,
  type Mode,
  openHeaderCosignature,
  SIGNED_HEADER_COSIGNATURE,
  type SignedHeader,
  type TrustedHeader,
  trustedFrom,
  verifyScoreProof,
} from '../../protocols/epoch/index.ts'
import { decodeScore, type Score, type ScorePath, type TrustErrorCode } from '../../trust/index.ts'
import type { ChainTop } from './epoch-chain.ts'

const VERSION = 2
/** Witnesses whose word a file holds. */
const WITNESSES_MAX = 8

const PROOF_FILE = record({
  v: uint(VERSION),
  header: bytes(1, EPOCH_LIMITS.VALUE_BYTES_MAX),
  committee: committeeShape(),
  proof: bytes(1, EPOCH_LIMITS.SCORE_PROOF_BYTES_MAX),
  /** What devices without a part in the agreement signed of the header. */
  witnesses: list(record({ witness: peerId(), signed: SIGNED_HEADER_COSIGNATURE }), WITNESSES_MAX),
})

/** The word of a witness, as a file holds it. */
export interface WitnessWord {
  readonly witness: PeerId
  readonly signed: SignedRecord
}

/** Longest file: a proof, its header once more, and the committee by name. */
export const PROOF_FILE_BYTES_MAX = 12_288

/** A score that a committee certified. */
export interface ProvenScore {
  readonly score: Score
  readonly header: Header
  /** Hash of the header, in hexadecimal: whoever knows it knows whom to trust. */
  readonly headerId: string
  readonly committee: Committee
  readonly mode: Mode
  /** Who outside of the agreement cosigned the header. */
  readonly witnesses: readonly PeerId[]
  /** The header as trusted, for whoever trusts it: later ones follow from it. */
  readonly trusted: TrustedHeader
  /** The header with what decided it: what follows from an earlier one. */
  readonly signed: SignedHeader
}

export function encodeProofFile(
  { value, certificate, committee }: Pick<ChainTop, 'value' | 'certificate' | 'committee'>,
  path: ScorePath,
  words: readonly WitnessWord[] = [],
): Uint8Array {
  const proof = encodeScoreProof({ header: value, certificate, ...path })
  const witnesses = words.slice(0, WITNESSES_MAX)
  return encodeShape(PROOF_FILE, { v: VERSION, header: value, committee, proof, witnesses })
}

/** What a file proves to whoever believes the committee that it names. */
export function verifyProofFile(
  crypto: Crypto,
  encoded: Uint8Array,
  wallMs: number,
): ProvenScore | EpochErrorCode | TrustErrorCode {
  if (encoded.length > PROOF_FILE_BYTES_MAX) return 'EPOCH_MESSAGE_TOO_LONG'
  const decoded = decodeShape(PROOF_FILE, encoded)
  if (decoded.type === 'refused') return 'EPOCH_MESSAGE_MALFORMED'
  if (decoded.value.v !== VERSION) return 'EPOCH_VERSION_UNSUPPORTED'
  const { header: value, committee, proof, witnesses } = decoded.value
  const known = trustedFrom(crypto, value, committee)
  if (known.type === 'refused') return known.code
  const proven = verifyScoreProof(crypto, known.value, proof, wallMs)
  if (proven.type === 'refused') return proven.code
  const { header, leaf } = proven.value
  const score = decodeScore(leaf)
  if (score.type === 'refused') return score.code
  // The committee was taken from the header beside the proof: it has to be that of the proof.
  if (!bytesEqual(encodeHeader(header), value)) return 'EPOCH_PROOF_INVALID'
  const { certificate } = proven.value
  const id = crypto.sha256(value)
  const isSigned = witnesses.every(({ witness, signed }) => {
    const held = openHeaderCosignature(crypto.verify, witness, signed)
    return held.type === 'value' && bytesEqual(held.value.header, id)
  })
  if (!isSigned) return 'EPOCH_SIGNATURE_INVALID'
  return {
    score: score.value,
    header,
    headerId: toHex(id),
    committee,
    mode: modeOf(committee.length),
    witnesses: witnesses.map(({ witness }) => witness),
    trusted: known.value,
    signed: { value, certificate, committee },
  }
}
