/**
 * What is in an epoch, beside the header that names it: statements, attested floors, evidence, audits, owners.
 *
 * What a statement says and what evidence or an audit proves is not this protocol's: it carries them as they
 * were signed (`brume/trust`, `brume/ledger`, `/brume/audit/1`).
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
  type Shape,
  type ShapeOf,
  text,
  uint,
} from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import { signedRecord } from '../../core/signed-record.ts'
import { CERTIFICATE_SHAPE } from './certificate.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  AUDIT_BYTES_MAX,
  CHANGE_BYTES_MAX,
  CREDENTIAL_BYTES_MAX,
  CUT_AUDITS_MAX,
  CUT_BYTES_MAX,
  CUT_EVIDENCE_MAX,
  CUT_OWNERS_MAX,
  CUT_STATEMENTS_MAX,
  EPOCH_VERSION,
  EVIDENCE_KINDS_MAX,
  FLOOR_MICROS_MAX,
  OWNER_WORD_BYTES_MAX,
  PROOF_BYTES_MAX,
  RESTART_BYTES_MAX,
  STATEMENT_BODY_BYTES_MAX,
  TOLD_BYTES_MAX,
  VALUE_BYTES_MAX,
  VENDOR_LENGTH_MAX,
} from './limits.ts'
import { committeeShape } from './seats.ts'
import { decodeVersioned } from './versioned.ts'

const STATED = record({
  /** Who speaks for the domain, and signed. */
  owner: peerId(),
  signed: signedRecord(STATEMENT_BODY_BYTES_MAX),
})

/** A statement and who signed it. */
export type Stated = ShapeOf<typeof STATED>

const TOLD = record({
  v: uint(EPOCH_VERSION),
  stated: STATED,
  /** Why the owner may speak here: its chain of membership certificates. */
  credential: bytes(0, CREDENTIAL_BYTES_MAX),
})

/** A statement as it is gossiped. */
export type ToldStatement = Omit<ShapeOf<typeof TOLD>, 'v'>

export function encodeToldStatement(told: ToldStatement): Uint8Array {
  return encodeShape(TOLD, { v: EPOCH_VERSION, ...told })
}

export function decodeToldStatement(encoded: Uint8Array): Result<ToldStatement> {
  const decoded = decodeVersioned(TOLD, encoded, TOLD_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, ...told } = decoded.value
  return accept(told)
}

const EVIDENCE = record({
  /** What it is, by the number of the catalogue of whoever verifies it. */
  kind: uint(EVIDENCE_KINDS_MAX - 1),
  proof: bytes(1, PROOF_BYTES_MAX),
})

/** A proof against somebody, as it travels. */
export type EvidenceItem = ShapeOf<typeof EVIDENCE>

export function encodeEvidenceItem(item: EvidenceItem): Uint8Array {
  return encodeShape(EVIDENCE, item)
}

export function decodeEvidenceItem(encoded: Uint8Array): Result<EvidenceItem> {
  if (encoded.length > PROOF_BYTES_MAX + 16) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected a proof of at most ${PROOF_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(EVIDENCE, encoded)
  return decoded.type === 'value'
    ? accept(decoded.value)
    : refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
}

/** Devices whose hardware the proposer has seen evidence of, what that is worth, and whose root it leads to. */
const FLOORS = list(
  record({
    device: peerId(),
    floorMicros: uint(FLOOR_MICROS_MAX),
    vendor: text(VENDOR_LENGTH_MAX),
  }),
  CUT_STATEMENTS_MAX,
)

const CUT = record({
  statements: list(STATED, CUT_STATEMENTS_MAX),
  floors: FLOORS,
  evidence: list(EVIDENCE, CUT_EVIDENCE_MAX),
  /** How work that was run again fared. */
  audits: list(bytes(1, AUDIT_BYTES_MAX), CUT_AUDITS_MAX),
  /** Devices that belong to another one from now on, or no longer. */
  owners: list(bytes(1, OWNER_WORD_BYTES_MAX), CUT_OWNERS_MAX),
  /** The word of the founder that the mesh goes on from here, where it had stood still. */
  restart: optional(bytes(1, RESTART_BYTES_MAX)),
  /** Other parameters for the mesh, and the quorum that wants them. */
  change: optional(bytes(1, CHANGE_BYTES_MAX)),
})

/** Everything that is in one epoch. */
export type CutBody = ShapeOf<typeof CUT>

/** What was seen of hardware, as the root of a header holds it. */
export function encodeFloors(floors: CutBody['floors']): Uint8Array {
  return encodeShape(FLOORS, floors)
}

export function encodeCutBody(cut: CutBody): Uint8Array {
  return encodeShape(CUT, cut)
}

export function decodeCutBody(encoded: Uint8Array): Result<CutBody> {
  if (encoded.length > CUT_BYTES_MAX) {
    return refuse('EPOCH_MESSAGE_TOO_LONG', `expected at most ${CUT_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(CUT, encoded)
  return decoded.type === 'value'
    ? accept(decoded.value)
    : refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
}

const EPOCH_RECORD = record({
  value: bytes(1, VALUE_BYTES_MAX),
  certificate: CERTIFICATE_SHAPE,
  committee: committeeShape(),
  cut: bytes(1, CUT_BYTES_MAX),
})

/** A decided epoch, with all that is needed to follow it. */
export type EpochRecord = ShapeOf<typeof EPOCH_RECORD>

/** Decided epochs as they stand in answers. */
export function epochRecordShape(): Shape<EpochRecord> {
  return EPOCH_RECORD
}

export function encodeEpochRecord(decided: EpochRecord): Uint8Array {
  return encodeShape(EPOCH_RECORD, decided)
}

export function decodeEpochRecord(encoded: Uint8Array): Result<EpochRecord> {
  const decoded = decodeShape(EPOCH_RECORD, encoded)
  return decoded.type === 'value'
    ? accept(decoded.value)
    : refuse('EPOCH_MESSAGE_MALFORMED', decoded.reason)
}
