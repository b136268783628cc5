/**
 * Proofs against seats: a double vote proves itself; an accusation of amnesia can be answered by the accused.
 *
 * All attacks on agreement under Tendermint's rules are one or the other (its accountability
 * analysis, Tendermint specification "Light client attacks"). A seat that keeps the rules can always
 * show the polka that let it change its mind; one that cannot show it has broken them.
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
  EPOCH_MAX,
  EPOCH_VERSION,
  EVIDENCE_BYTES_MAX,
  HASH_BYTES,
  ROUND_MAX,
} from './limits.ts'
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
/** A record of one field fewer than a double vote: neither is ever read as the other. */
const AMNESIA = record({ ...BASE, precommit: BOUND_VOTE, prevote: BOUND_VOTE })

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
