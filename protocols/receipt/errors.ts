/**
 * Why a half of a receipt is not taken, and what else goes wrong between two parties.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

/** What is said of a half that is not taken. The place of a code is its number on the wire: only add. */
export const HALF_REFUSALS = [
  /** A body that is no half of its kind in its one encoding. */
  'RECEIPT_HALF_MALFORMED',
  /** Not signed by the party whose it must be, in this mesh. */
  'RECEIPT_HALF_FORGED',
  /** By a peer, or for one, that is no party. */
  'RECEIPT_HALF_FOREIGN',
  /** It was there before. */
  'RECEIPT_HALF_REPLAYED',
  /** It does not follow the half before it. */
  'RECEIPT_HALF_UNLINKED',
  /** The mode of the order has no such half at this place. */
  'RECEIPT_MODE_BROKEN',
  /** It grants more than was done or ordered. */
  'RECEIPT_EXCESSIVE',
  /** It is about work that is not known here, or no longer. */
  'RECEIPT_TASK_UNKNOWN',
  /** The ledger of the other party is not open now. */
  'RECEIPT_NOT_OPEN',
  /** A half of a later version. */
  'RECEIPT_HALF_UNSUPPORTED',
] as const

export type HalfRefusal = (typeof HALF_REFUSALS)[number]

export type ReceiptFault =
  | HalfRefusal
  /** The frame is no message of the protocol. */
  | 'RECEIPT_FRAME_INVALID'
  /** The peer speaks a later version. */
  | 'RECEIPT_VERSION_UNSUPPORTED'
  /** The peer speaks of another mesh. */
  | 'RECEIPT_NETWORK_MISMATCH'
  /** A message where none of its kind belongs. */
  | 'RECEIPT_OUT_OF_ORDER'
  /** More halves without an answer than there may be. */
  | 'RECEIPT_OVERLOADED'
  /** No answer to a half came. */
  | 'RECEIPT_TIMED_OUT'

/** Refusals that an honest peer can meet: they do not count against it. */
const HONEST: ReadonlySet<ReceiptFault> = new Set([
  'RECEIPT_TASK_UNKNOWN',
  'RECEIPT_NOT_OPEN',
  'RECEIPT_TIMED_OUT',
])

/** True when only a peer that is broken or dishonest does such a thing. */
export function countsAgainst(code: ReceiptFault): boolean {
  return !HONEST.has(code)
}

const peersFault = { retryable: false, exit: 1, status: 502 } as const
const passing = { retryable: true, exit: 1, status: 502 } as const

const update = 'update both devices to the same version'
const wary = 'see `brume ledger audit` for that device, and be wary of it'

export const RECEIPT_ERRORS: ErrorTable<ReceiptFault> = {
  RECEIPT_HALF_MALFORMED: {
    meaning: 'a device sent a half of a receipt that is not in its one encoding',
    hint: update,
    ...peersFault,
  },
  RECEIPT_HALF_FORGED: {
    meaning: 'a device sent a half of a receipt that its party did not sign',
    hint: wary,
    ...peersFault,
  },
  RECEIPT_HALF_FOREIGN: {
    meaning: 'a device sent a half of a receipt to which it is no party',
    hint: wary,
    ...peersFault,
  },
  RECEIPT_HALF_REPLAYED: {
    meaning: 'a device sent a half of a receipt again',
    hint: wary,
    ...peersFault,
  },
  RECEIPT_HALF_UNLINKED: {
    meaning: 'a device sent a half of a receipt that does not follow the one before',
    hint: wary,
    ...peersFault,
  },
  RECEIPT_MODE_BROKEN: {
    meaning: 'a device sent a half of a receipt that its mode does not have there',
    hint: update,
    ...peersFault,
  },
  RECEIPT_EXCESSIVE: {
    meaning: 'a device granted more than was done or ordered',
    hint: update,
    ...peersFault,
  },
  RECEIPT_TASK_UNKNOWN: {
    meaning: 'a half of a receipt is about work that the device does not know, or no longer',
    hint: 'nothing: work that ended while a device was away stays unmatched',
    ...passing,
  },
  RECEIPT_NOT_OPEN: {
    meaning: 'the ledger of the other device is not open yet',
    hint: 'nothing: it is tried again',
    ...passing,
  },
  RECEIPT_HALF_UNSUPPORTED: {
    meaning: 'a device sent a half of a receipt of a later version',
    hint: 'update brume on this device',
    ...peersFault,
  },
  RECEIPT_FRAME_INVALID: {
    meaning: 'a device sent something that is no message of /brume/receipt/1',
    hint: update,
    ...peersFault,
  },
  RECEIPT_VERSION_UNSUPPORTED: {
    meaning: 'a device speaks a later version of /brume/receipt',
    hint: 'update brume on this device',
    ...peersFault,
  },
  RECEIPT_NETWORK_MISMATCH: {
    meaning: 'a device sent receipts of another mesh',
    hint: 'see with `brume mesh show` on both devices that they are in the same mesh',
    ...peersFault,
  },
  RECEIPT_OUT_OF_ORDER: {
    meaning: 'a device sent a message of /brume/receipt/1 where it does not belong',
    hint: update,
    ...peersFault,
  },
  RECEIPT_OVERLOADED: {
    meaning: 'a device sent more halves of receipts than may wait for an answer',
    hint: update,
    ...peersFault,
  },
  RECEIPT_TIMED_OUT: {
    meaning: 'a device did not answer a half of a receipt in time',
    hint: 'nothing: it is tried again while the device can be reached',
    ...passing,
  },
}
