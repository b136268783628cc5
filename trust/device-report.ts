/**
 * What a device tells who speaks for it: where its ledger stands, and what it did since the day began.
 *
 * It has the rows of a statement, so that the speaker only adds them up. Sums run from the beginning of the day: one
 * that is lost loses nothing, because the next one says it again.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import type { Signer, Verify } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import { isSignedBy, signedRecord, signRecord } from '../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  EPOCH_MAX,
  HASH_BYTES,
  REPORT_BYTES_MAX,
  STATEMENT_BYTES_MAX,
  STATEMENT_ROWS_MAX,
  TRUST_VERSION,
} from './limits.ts'
import { areRows, statementRow } from './statement.ts'
import { decodeVersioned, version } from './versioned.ts'

const KIND = 'device-report'

const REPORT = record({
  v: version(),
  network: bytes(HASH_BYTES),
  /** The epoch that is over. */
  epoch: uint(EPOCH_MAX),
  device: peerId(),
  /** The domain that it is part of. */
  domain: bytes(HASH_BYTES),
  /** The top of its ledger; none while it has none. */
  head: optional(record({ size: uint(), root: bytes(HASH_BYTES) })),
  provided: list(statementRow(), STATEMENT_ROWS_MAX),
  consumed: list(statementRow(), STATEMENT_ROWS_MAX),
})

const SIGNED = signedRecord(STATEMENT_BYTES_MAX)

export type DeviceReport = Omit<ShapeOf<typeof REPORT>, 'v'>

/** The report under the signature of its device: at most {@link REPORT_BYTES_MAX} bytes. */
export function signReport(signer: Signer, report: DeviceReport): Uint8Array {
  const body = encodeShape(REPORT, { v: TRUST_VERSION, ...report })
  return encodeShape(SIGNED, signRecord(signer, KIND, body))
}

/** The report, when the device that it names signed it in this mesh. */
export function openReport(
  verify: Verify,
  network: Uint8Array,
  encoded: Uint8Array,
): Result<DeviceReport> {
  if (encoded.length > REPORT_BYTES_MAX) {
    return refuse('TRUST_TOO_LONG', `expected at most ${REPORT_BYTES_MAX} bytes`)
  }
  const signed = decodeShape(SIGNED, encoded)
  if (signed.type === 'refused') return refuse('TRUST_MALFORMED', signed.reason)
  const decoded = decodeVersioned(REPORT, signed.value.body, STATEMENT_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { v: _, ...report } = decoded.value
  const { domain, provided, consumed } = report
  if (!areRows(provided, domain) || !areRows(consumed, domain)) {
    return refuse('TRUST_ROWS_INVALID', 'expected rows about others, each once, in order')
  }
  if (!bytesEqual(network, report.network)) {
    return refuse('TRUST_NETWORK_MISMATCH', 'expected a report of this mesh')
  }
  return isSignedBy(verify, report.device, KIND, signed.value)
    ? accept(report)
    : refuse('TRUST_SIGNATURE_INVALID', 'expected the signature of the device')
}
