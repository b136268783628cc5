/**
 * What one device found about another, signed, with all that a third needs to find the same.
 *
 * The fields are those of an EAT Attestation Result (draft-ietf-rats-ear). Verifying is
 * pure, so whoever has the evidence, the policy and the same roots comes to the same
 * result, or shows that it is false. One thing nobody can repeat: that the TPM read the verifier's
 * secret. For that a result is the word of its verifier.
 *
 * @module
 */

import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import { hexId, peerId } from '../../core/id-shapes.ts'
import { isSignedBy, signedRecord, signRecord } from '../../core/signed-record.ts'
import { demand, refuse } from '../errors.ts'
import { type PiecesRules, type VerifiedPieces, verifyPieces } from '../pieces.ts'
import { type Appraisal, TIERS } from '../policy/appraisal.ts'
import { appraise } from '../policy/appraise.ts'
import { policyDigest } from '../policy/policy.ts'

const BODY_BYTES_MAX = 3_000
const CODES_MAX = 16
const STATUSES = ['none', 'affirming', 'warning', 'contraindicated'] as const

const body = record({
  version: uint(255),
  attester: peerId(),
  verifier: peerId(),
  /** True when the nonce is the id of an epoch: the evidence is an envelope then. */
  epoch: word('nonce', 'epoch'),
  nonce: bytes(32),
  secretHash: optional(bytes(32)),
  activation: optional(record({ ekId: hexId<string>(32), akName: text(140) })),
  /** SHA-256 of the envelope, or of the pieces as {@link encodePieces} has them. */
  evidence: hexId<string>(32),
  policyId: text(64),
  policyDigest: hexId<string>(32),
  tier: word(...TIERS),
  status: word(...STATUSES),
  scoreMicros: uint(1_000_000),
  codes: list(text(64), CODES_MAX),
  /** In milliseconds since 1970. */
  appraisedAtMs: uint(),
  freshUntilMs: uint(),
})

/** What was found. */
export type AttestationResult = ShapeOf<typeof body>

export const RESULT_VERSION = 1
const KIND = 'attest-result'
const signed = signedRecord(BODY_BYTES_MAX)

export function signResult(signer: Signer, result: AttestationResult): Uint8Array {
  const codes = result.codes.slice(0, CODES_MAX)
  return encodeShape(signed, signRecord(signer, KIND, encodeShape(body, { ...result, codes })))
}

/** @throws {AttestationError} `RESULT_MALFORMED`. */
export function readResult(encoded: Uint8Array, verify: Verify): AttestationResult {
  const outer = decodeShape(signed, encoded)
  if (outer.type === 'refused') refuse('RESULT_MALFORMED', outer.reason)
  const inner = decodeShape(body, outer.value.body)
  if (inner.type === 'refused') refuse('RESULT_MALFORMED', inner.reason)
  const result = inner.value
  demand(result.version === RESULT_VERSION, 'RESULT_MALFORMED', `version ${result.version}`)
  const holds = isSignedBy(verify, result.verifier, KIND, outer.value)
  demand(holds, 'RESULT_MALFORMED', 'not signed by its verifier')
  return result
}

/** What repeating an appraisal comes to. */
export type Recheck =
  | { readonly type: 'agrees'; readonly appraisal: Appraisal; readonly found: VerifiedPieces }
  /** It was appraised by another policy: nothing can be said. */
  | { readonly type: 'other-policy' }
  | { readonly type: 'differs'; readonly appraisal: Appraisal; readonly found: VerifiedPieces }

/**
 * Verifies and appraises the evidence of `result` once more, as of the time of the result.
 *
 * @param rules - Our own policy and roots; their time is that of the result.
 */
export function recheckResult(
  result: AttestationResult,
  pieces: readonly Uint8Array[],
  rules: Omit<PiecesRules, 'nowMs'>,
): Recheck {
  if (result.policyDigest !== policyDigest(rules.policy)) return { type: 'other-policy' }
  const { attester, verifier, nonce, secretHash, activation, appraisedAtMs: nowMs } = result
  const question = {
    attester,
    verifier: result.epoch === 'epoch' ? null : verifier,
    nonce,
    secretHash: secretHash ?? null,
    activation:
      activation === undefined
        ? ({ type: 'unchecked' } as const)
        : ({ type: 'proven', ...activation } as const),
  }
  const found = verifyPieces(pieces, question, { ...rules, nowMs })
  const appraisal = appraise(found.claims, rules.policy, nowMs)
  const same =
    appraisal.tier === result.tier &&
    appraisal.status === result.status &&
    appraisal.scoreMicros === result.scoreMicros
  return { type: same ? 'agrees' : 'differs', appraisal, found }
}

const PIECES_MAX = 4
const PIECE_BYTES_MAX = 640 * 1024
const pieceList = list(bytes(1, PIECE_BYTES_MAX), PIECES_MAX)

/** The pieces of one answer as bytes. */
export function encodePieces(pieces: readonly Uint8Array[]): Uint8Array {
  return encodeShape(pieceList, pieces)
}

/** @throws {AttestationError} `CBOR_MALFORMED`. */
export function decodePieces(encoded: Uint8Array): readonly Uint8Array[] {
  const decoded = decodeShape(pieceList, encoded)
  return decoded.type === 'value' ? decoded.value : refuse('CBOR_MALFORMED', decoded.reason)
}
