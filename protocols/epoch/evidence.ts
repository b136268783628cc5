/**
 * Proofs against seats: two votes or two proposals of one round prove themselves; an accusation of amnesia can be
 * answered by the accused.
 *
 * All attacks on agreement under Tendermint's rules are one or the other (its accountability
 * analysis, Tendermint specification "Light client attacks"). A seat that keeps the rules can always
 * show the polka that let it change its mind; one that cannot show it has broken them. Two proposals divide nothing
 * but the votes of their round, and are held against their proposer for a day.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  optional,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import { SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import { type Certificate, CERTIFICATE_SHAPE, isCertificateOf } from './certificate.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  ANSWER_BYTES_MAX,
  DOUBLE_PROPOSAL_BYTES_MAX,
  EPOCH_MAX,
  EPOCH_VERSION,
  EVIDENCE_BYTES_MAX,
  HASH_BYTES,
  ROUND_MAX,
  VALUE_BYTES_MAX,
} from './limits.ts'
import { isProposalOf, isSameProposal } from './messages.ts'
import type { Committee } from './seats.ts'
import { isBallotOf, kindOf } from './vote.ts'

const BASE = {
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  accused: peerId(),
}

const DOUBLE_VOTE = record({
  ...BASE,
  precommit: uint(1),
  round: uint(ROUND_MAX),
  one: record({ value: optional(bytes(HASH_BYTES)), signature: bytes(SIGNATURE_BYTES) }),
  other: record({ value: optional(bytes(HASH_BYTES)), signature: bytes(SIGNATURE_BYTES) }),
})

const BOUND_VOTE = record({
  round: uint(ROUND_MAX),
  value: bytes(HASH_BYTES),
  signature: bytes(SIGNATURE_BYTES),
})
/** A record of two fields fewer than a double vote: neither is ever read as the other. */
const AMNESIA = record({ ...BASE, precommit: BOUND_VOTE, prevote: BOUND_VOTE })

const PROPOSED = record({
  value: bytes(1, VALUE_BYTES_MAX),
  validRound: optional(uint(ROUND_MAX)),
  signature: bytes(SIGNATURE_BYTES),
})
/** Again one field fewer than a double vote, and one more than an accusation. */
const DOUBLE_PROPOSAL = record({
  ...BASE,
  round: uint(ROUND_MAX),
  one: PROPOSED,
  other: PROPOSED,
})

const ANSWER = record({
  v: uint(EPOCH_VERSION),
  network: bytes(HASH_BYTES),
  epoch: uint(EPOCH_MAX),
  polka: CERTIFICATE_SHAPE,
})

/** A polka, for whoever is accused of a prevote that it allowed. */
export type PolkaAnswer = Omit<ShapeOf<typeof ANSWER>, 'v'>

/** Two votes of one kind in one round for different things. */
export type DoubleVote = Omit<ShapeOf<typeof DOUBLE_VOTE>, 'v'>

/** Two proposals of one seat for one round that differ. */
export type DoubleProposal = Omit<ShapeOf<typeof DOUBLE_PROPOSAL>, 'v'>

/** A precommit for one value, and a prevote for another in a later round. */
export type Accusation = Omit<ShapeOf<typeof AMNESIA>, 'v'>

export function encodeDoubleVote(proof: DoubleVote): Uint8Array {
  return encodeShape(DOUBLE_VOTE, { v: EPOCH_VERSION, ...proof })
}

/** The proof, when it holds by itself. */
export function verifyDoubleVote(verify: Verify, encoded: Uint8Array): Result<DoubleVote> {
  if (encoded.length > EVIDENCE_BYTES_MAX) return tooLong()
  const decoded = decodeShape(DOUBLE_VOTE, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return malformed()
  const { v: _, ...proof } = decoded.value
  const { accused, one, other, round } = proof
  const differ = !isSameValue(one.value, other.value)
  const kind = kindOf(proof.precommit)
  const signed = [one, other].every((vote) =>
    isBallotOf(verify, proof, accused, { kind, round, ...vote }),
  )
  return differ && signed
    ? accept(proof)
    : refuse('EPOCH_EVIDENCE_INVALID', 'expected two votes of the accused that differ')
}

export function encodeDoubleProposal(proof: DoubleProposal): Uint8Array {
  return encodeShape(DOUBLE_PROPOSAL, { v: EPOCH_VERSION, ...proof })
}

/** The proof, when it holds by itself. */
export function verifyDoubleProposal(verify: Verify, encoded: Uint8Array): Result<DoubleProposal> {
  if (encoded.length > DOUBLE_PROPOSAL_BYTES_MAX) return tooLong(DOUBLE_PROPOSAL_BYTES_MAX)
  const decoded = decodeShape(DOUBLE_PROPOSAL, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return malformed()
  const { v: _, ...proof } = decoded.value
  const { accused, round, one, other } = proof
  const signed = [one, other].every((proposed) =>
    isProposalOf(verify, proof, accused, { round, ...proposed }),
  )
  return signed && !isSameProposal(one, other)
    ? accept(proof)
    : refuse('EPOCH_EVIDENCE_INVALID', 'expected two proposals of the accused that differ')
}

export function encodeAccusation(accusation: Accusation): Uint8Array {
  return encodeShape(AMNESIA, { v: EPOCH_VERSION, ...accusation })
}

/** The accusation, when the accused has something to answer for. */
export function verifyAccusation(verify: Verify, encoded: Uint8Array): Result<Accusation> {
  if (encoded.length > EVIDENCE_BYTES_MAX) return tooLong()
  const decoded = decodeShape(AMNESIA, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return malformed()
  const { v: _, ...accusation } = decoded.value
  const { accused, precommit, prevote } = accusation
  const changed = precommit.round < prevote.round && !bytesEqual(precommit.value, prevote.value)
  const signed =
    isBallotOf(verify, accusation, accused, { kind: 'precommit', ...precommit }) &&
    isBallotOf(verify, accusation, accused, { kind: 'prevote', ...prevote })
  return changed && signed
    ? accept(accusation)
    : refuse('EPOCH_EVIDENCE_INVALID', 'expected a precommit and a later prevote for another value')
}

export function encodeAnswer(answer: PolkaAnswer): Uint8Array {
  return encodeShape(ANSWER, { v: EPOCH_VERSION, ...answer })
}

/** Reads an answer, without a look at its signatures: which committee they are of, the driver knows. */
export function decodeAnswer(encoded: Uint8Array): Result<PolkaAnswer> {
  if (encoded.length > ANSWER_BYTES_MAX) return tooLong(ANSWER_BYTES_MAX)
  const decoded = decodeShape(ANSWER, encoded)
  if (decoded.type === 'refused' || decoded.value.v !== EPOCH_VERSION) return malformed()
  const { v: _, ...answer } = decoded.value
  return accept(answer)
}

/** True when a polka is one that let the accused change its mind, whoever shows it. */
export function isAnswer(
  verify: Verify,
  committee: Committee,
  accusation: Accusation,
  polka: Certificate,
): boolean {
  return answersTo(accusation, polka) && isCertificateOf(verify, accusation, committee, polka)
}

/** The same without a look at the signatures, for polkas that were looked at. */
export function answersTo({ precommit, prevote }: Accusation, polka: Certificate): boolean {
  return (
    polka.kind === 'prevote' &&
    bytesEqual(polka.value, prevote.value) &&
    polka.round >= precommit.round &&
    polka.round < prevote.round
  )
}

export function isSameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : bytesEqual(a, b)
}

function tooLong(bytesMax = EVIDENCE_BYTES_MAX): Result<never> {
  return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${bytesMax} bytes`)
}

function malformed(): Result<never> {
  return refuse('EPOCH_MESSAGE_MALFORMED', 'expected evidence of this type')
}
