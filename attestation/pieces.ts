/**
 * All pieces of evidence that one device shows at once, verified one by one.
 *
 * A piece that does not hold takes nothing from the others; it leaves its code.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import type { Verify } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { AnchorSet } from './anchors/anchor-set.ts'
import { type BindingInit, bindingBytes } from './binding.ts'
import type { CollateralShelf } from './collateral/shelf.ts'
import { AttestationError, type AttestationErrorCode } from './errors.ts'
import { verifyEvidence } from './evidence.ts'
import { decodeEvidence } from './evidence-codec.ts'
import type { Policy } from './policy/policy.ts'
import type { Claims } from './policy/rules.ts'
import type { Activation } from './tpm/tpm.ts'

/** For whom and for which question all pieces must be made. */
export interface PiecesQuestion {
  readonly attester: PeerId
  /** Null where the nonce is the id of an epoch, and everybody may verify. */
  readonly verifier: PeerId | null
  readonly nonce: Uint8Array
  /** SHA-256 of the secret that the TPM had to read; null where there was none. */
  readonly secretHash: Uint8Array | null
  /** What is known of the home of its attestation key. */
  readonly activation: Activation
}

export interface PiecesRules {
  readonly nowMs: number
  readonly policy: Policy
  readonly anchors: AnchorSet
  readonly shelf: CollateralShelf
  readonly verify: Verify
  /** Ed25519 keys that sign releases. */
  readonly releaseKeys: readonly KeyObject[]
}

export interface VerifiedPieces {
  /** Of each kind the first piece that holds. */
  readonly claims: readonly Claims[]
  /** Codes of pieces that do not. */
  readonly refusals: readonly AttestationErrorCode[]
}

/** Never throws for what is in `pieces`. */
export function verifyPieces(
  pieces: readonly Uint8Array[],
  question: PiecesQuestion,
  rules: PiecesRules,
): VerifiedPieces {
  const found = pieces.map((piece) => verifiedPiece(piece, question, rules))
  const claims = found.filter((one) => typeof one !== 'string')
  const kinds = claims.map(({ kind }) => kind)
  return {
    // Two pieces of one kind say nothing that one does not.
    claims: claims.filter(({ kind }, index) => kinds.indexOf(kind) === index),
    refusals: found.filter((one) => typeof one === 'string'),
  }
}

function verifiedPiece(
  piece: Uint8Array,
  question: PiecesQuestion,
  { nowMs, policy, shelf, verify, releaseKeys, ...rules }: PiecesRules,
): Claims | AttestationErrorCode {
  const { attester, activation } = question
  const anchors = shelf.anchors(rules.anchors)
  try {
    const evidence = decodeEvidence(piece)
    return verifyEvidence(evidence, {
      nowMs,
      anchors,
      policy,
      binding: { type: 'bytes', bytes: bindingOf(question, evidence.kind) },
      collateral: shelf.for(evidence, anchors),
      bank: 'sha256',
      activation,
      device: { attester, verify, releaseKeys },
    })
  } catch (error) {
    if (error instanceof AttestationError) return error.code
    throw error
  }
}

/** Only a TPM has a secret to read. */
function bindingOf(question: PiecesQuestion, kind: BindingInit['kind']): Uint8Array {
  const { attester, verifier, nonce } = question
  const secretHash = kind === 'tpm' ? question.secretHash : null
  return bindingBytes({ kind, attester, verifier, nonce, secretHash })
}
