/**
 * Why a part of a ledger is refused.
 *
 * Ledgers come from strangers: inside this room a refusal is a value. Whoever verifies
 * one for a person turns it into a {@link LedgerError}.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../core/errors.ts'

export type LedgerErrorCode =
  /** Bytes that are no record of this format in its one encoding. */
  | 'LEDGER_MALFORMED'
  | 'LEDGER_VERSION_UNSUPPORTED'
  | 'LEDGER_TOO_LONG'
  /** It is of another mesh. */
  | 'LEDGER_NETWORK_MISMATCH'
  /** An entry or a head of another log. */
  | 'LEDGER_LOG_FOREIGN'
  /** An entry that is not the next one. */
  | 'LEDGER_SEQUENCE_GAP'
  /** An entry that does not name the one before it. */
  | 'LEDGER_CHAIN_BROKEN'
  | 'LEDGER_GENESIS_INVALID'
  | 'LEDGER_ROLLOVER_INVALID'
  /** A head whose root is not that of the entries. */
  | 'LEDGER_HEAD_MISMATCH'
  | 'LEDGER_SIGNATURE_INVALID'
  /** A half by somebody who is not the party that it takes. */
  | 'LEDGER_HALF_FOREIGN'
  /** A half that does not follow the one that it names. */
  | 'LEDGER_HALF_UNLINKED'
  /** A half that was there before. */
  | 'LEDGER_HALF_REPLAYED'
  /** More is granted than was done or ordered. */
  | 'LEDGER_SETTLE_EXCESSIVE'
  /** A sequence of halves that the mode of the order does not have. */
  | 'LEDGER_MODE_BROKEN'
  | 'LEDGER_PROOF_INVALID'
  /** The bundle ends before it says so. */
  | 'LEDGER_BUNDLE_TRUNCATED'
  /** Entries that no head of the bundle signs. */
  | 'LEDGER_BUNDLE_UNCOVERED'
  /** Items of a bundle that are not in its order. */
  | 'LEDGER_BUNDLE_DISORDERED'
  /** A device signed two things of which only one can be true. */
  | 'LEDGER_FORK_PROVEN'

/** A refusal. `reason` says what was expected and found, and holds no text that a peer chose. */
export interface Refused {
  readonly type: 'refused'
  readonly code: LedgerErrorCode
  readonly reason: string
}

/** A `T`, or why there is none. */
export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export function accept<T>(value: T): Result<T> {
  return { type: 'value', value }
}

export function refuse(code: LedgerErrorCode, reason: string): Refused {
  return { type: 'refused', code, reason }
}

export interface LedgerFailure {
  readonly code: LedgerErrorCode
  readonly reason: string
}

/** A ledger, or a part of one, that is not accepted, reported to the person who asked. */
export class LedgerError extends CodedError<LedgerFailure> {
  constructor(failure: LedgerFailure, options?: ErrorOptions) {
    super(failure, failure.reason, options)
  }
}

/** `brume ledger verify` exits with 2 for what is invalid, 3 for what is incomplete, 4 for a proven fork. */
const invalid = { retryable: false, exit: 2, status: 422 } as const
const incomplete = { retryable: true, exit: 3, status: 422 } as const

const askAgain = 'ask the device for its ledger again; if it stays so, the ledger was changed'

/** What each code means to whoever verifies a ledger. */
export const LEDGER_ERRORS: ErrorTable<LedgerErrorCode> = {
  LEDGER_MALFORMED: {
    ...invalid,
    meaning: 'a part of the ledger is not in the one encoding that it may have',
    hint: askAgain,
  },
  LEDGER_VERSION_UNSUPPORTED: {
    ...invalid,
    meaning: 'a part of the ledger is of a version that this program does not know',
    hint: 'update brume on this device',
  },
  LEDGER_TOO_LONG: {
    ...invalid,
    meaning: 'a part of the ledger is longer than it may be',
    hint: askAgain,
  },
  LEDGER_NETWORK_MISMATCH: {
    ...invalid,
    meaning: 'the ledger belongs to another mesh than the one that was asked for',
    hint: 'check the id of the mesh with `brume mesh show`',
  },
  LEDGER_LOG_FOREIGN: {
    ...invalid,
    meaning: 'an entry or a head belongs to another ledger',
    hint: askAgain,
  },
  LEDGER_SEQUENCE_GAP: {
    ...invalid,
    meaning: 'an entry is missing, doubled or out of order',
    hint: askAgain,
  },
  LEDGER_CHAIN_BROKEN: {
    ...invalid,
    meaning: 'an entry does not name the entry before it',
    hint: askAgain,
  },
  LEDGER_GENESIS_INVALID: {
    ...invalid,
    meaning: 'the ledger does not begin with the one entry that its device and mesh give it',
    hint: askAgain,
  },
  LEDGER_ROLLOVER_INVALID: {
    ...invalid,
    meaning: 'an entry that begins a new incarnation does not follow from what is before it',
    hint: askAgain,
  },
  LEDGER_HEAD_MISMATCH: {
    ...invalid,
    meaning: 'the entries are not those that the signed head stands for',
    hint: askAgain,
  },
  LEDGER_SIGNATURE_INVALID: {
    ...invalid,
    meaning: 'a signature is not by the device that it is said to be by',
    hint: 'do not trust the device or the file that it came from',
  },
  LEDGER_HALF_FOREIGN: {
    ...invalid,
    meaning: 'a half of a receipt is by a device that is no party to it',
    hint: 'do not trust the device that wrote it',
  },
  LEDGER_HALF_UNLINKED: {
    ...invalid,
    meaning: 'a half of a receipt does not fit the half that it answers',
    hint: 'do not trust the device that wrote it',
  },
  LEDGER_HALF_REPLAYED: {
    ...invalid,
    meaning: 'a half of a receipt is there twice',
    hint: 'do not trust the device that wrote it',
  },
  LEDGER_SETTLE_EXCESSIVE: {
    ...invalid,
    meaning: 'a receipt grants more than was done or ordered',
    hint: 'do not count this receipt',
  },
  LEDGER_MODE_BROKEN: {
    ...invalid,
    meaning: 'a receipt does not go the way that its mode prescribes',
    hint: 'do not count this receipt',
  },
  LEDGER_PROOF_INVALID: {
    ...invalid,
    meaning: 'a proof does not prove what it says',
    hint: 'ignore it, and be wary of whoever sent it',
  },
  LEDGER_BUNDLE_TRUNCATED: {
    ...incomplete,
    meaning: 'the file ends before the ledger does',
    hint: 'copy or export the file again',
  },
  LEDGER_BUNDLE_UNCOVERED: {
    ...incomplete,
    meaning: 'the file has entries that no signed head in it stands for',
    hint: 'export the ledger again, with its latest head',
  },
  LEDGER_BUNDLE_DISORDERED: {
    ...invalid,
    meaning: 'the parts of the file are not in the order that a bundle has',
    hint: 'export the ledger again',
  },
  LEDGER_FORK_PROVEN: {
    retryable: false,
    exit: 4,
    status: 409,
    meaning: 'the device signed two things of which only one can be true',
    hint: 'keep the file: it proves the fork to everybody; do not trust the device',
  },
}
