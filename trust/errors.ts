/**
 * Why something about trust is refused. It comes from strangers: a refusal is a value.
 *
 * @module
 */

import type { ErrorTable } from '../core/errors.ts'

export type TrustErrorCode =
  /** Bytes that are no record of this format in its one encoding. */
  | 'TRUST_MALFORMED'
  | 'TRUST_VERSION_UNSUPPORTED'
  | 'TRUST_TOO_LONG'
  /** It is of another mesh. */
  | 'TRUST_NETWORK_MISMATCH'
  /** A domain that nobody introduced. */
  | 'TRUST_DOMAIN_UNKNOWN'
  | 'TRUST_SIGNATURE_INVALID'
  /** Rows that are not in order, twice there, empty, or about the domain itself. */
  | 'TRUST_ROWS_INVALID'
  /** An epoch that is not over, or was over too long ago. */
  | 'TRUST_EPOCH_INVALID'
  /** A statement of a domain and an epoch that are counted already. */
  | 'TRUST_STATEMENT_REPLAYED'
  /** A statement of a device that another one speaks for. */
  | 'TRUST_DOMAIN_BOUND'
  | 'TRUST_PROOF_INVALID'

/** A refusal. `reason` says what was expected, and holds no text that a peer chose. */
export interface Refused {
  readonly type: 'refused'
  readonly code: TrustErrorCode
  readonly reason: string
}

/** A `T`, or why there is none. */
export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export function accept<T>(value: T): Result<T> {
  return { type: 'value', value }
}

export function refuse(code: TrustErrorCode, reason: string): Refused {
  return { type: 'refused', code, reason }
}

const invalid = { retryable: false, exit: 2, status: 422 } as const
const unreadable = 'update brume on the device that sent it'

/** What each code means to a person. */
export const TRUST_ERRORS: ErrorTable<TrustErrorCode> = {
  TRUST_MALFORMED: {
    ...invalid,
    meaning: 'a record about trust is not in the one encoding that it may have',
    hint: unreadable,
  },
  TRUST_VERSION_UNSUPPORTED: {
    ...invalid,
    meaning: 'a record about trust is of a version that this program does not know',
    hint: 'update brume on this device',
  },
  TRUST_TOO_LONG: {
    ...invalid,
    meaning: 'a record about trust is longer than it may be',
    hint: unreadable,
  },
  TRUST_NETWORK_MISMATCH: {
    ...invalid,
    meaning: 'a record about trust belongs to another mesh',
    hint: 'check the id of the mesh with `brume mesh show`',
  },
  TRUST_DOMAIN_UNKNOWN: {
    ...invalid,
    retryable: true,
    meaning: 'a statement is of a domain that this device has not heard of',
    hint: 'wait until the domain has been introduced',
  },
  TRUST_SIGNATURE_INVALID: {
    ...invalid,
    meaning: 'a record about trust is not signed by who it is said to be by',
    hint: 'do not trust the device that it came from',
  },
  TRUST_ROWS_INVALID: {
    ...invalid,
    meaning: 'the rows of a statement are out of order, empty, or about its own domain',
    hint: 'do not count this statement',
  },
  TRUST_EPOCH_INVALID: {
    ...invalid,
    meaning: 'a statement is of an epoch that is not over, or was over too long ago',
    hint: 'set the clock of the device that made it',
  },
  TRUST_STATEMENT_REPLAYED: {
    ...invalid,
    meaning: 'a statement of this domain and epoch is counted already',
    hint: 'nothing to do: it counts once',
  },
  TRUST_DOMAIN_BOUND: {
    ...invalid,
    meaning: 'a statement is of a device that belongs to the domain of another one',
    hint: 'nothing to do: its owner speaks for it, as brume trust owner show says',
  },
  TRUST_PROOF_INVALID: {
    ...invalid,
    meaning: 'a proof does not prove what it says',
    hint: 'ignore it, and be wary of whoever sent it',
  },
}
