/**
 * What can go wrong with the ledger that this device keeps.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type LedgerStoreFailure =
  /** Entries are not what their hashes say, and nobody had them. */
  | { readonly code: 'LEDGER_STORE_DAMAGED'; readonly seq: number; readonly reason: string }
  /** The store was written by a later version. */
  | { readonly code: 'LEDGER_STORE_UNSUPPORTED'; readonly schema: number }
  /** More is to be written than the disk keeps up with. */
  | { readonly code: 'LEDGER_STORE_OVERLOADED'; readonly pending: number }
  /** The disk failed before; nothing is written any more. */
  | { readonly code: 'LEDGER_STORE_FAILED' }
  /** The device left the mesh, or stops. */
  | { readonly code: 'LEDGER_STORE_CLOSED' }
  /** This device is in no mesh, or its ledger is not open yet. */
  | { readonly code: 'LEDGER_NOT_OPEN' }

/** A failure of the store of this device's ledger. */
export class LedgerStoreError extends CodedError<LedgerStoreFailure> {
  constructor(failure: LedgerStoreFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

export const LEDGER_STORE_ERRORS: ErrorTable<LedgerStoreFailure['code']> = {
  LEDGER_STORE_DAMAGED: {
    meaning:
      'entries of this device’s ledger are damaged on the disk, and no peer could be asked for them',
    hint: 'start while peers are there, or restore the state folder from a copy; what came after is fetched',
    retryable: true,
    exit: 1,
    status: 500,
  },
  LEDGER_STORE_UNSUPPORTED: {
    meaning: 'the ledger of this device was written by a later version',
    hint: 'update brume on this device',
    retryable: false,
    exit: 1,
    status: 500,
  },
  LEDGER_STORE_OVERLOADED: {
    meaning: 'more is to be recorded than the disk keeps up with',
    hint: 'give the device less work, or a faster disk',
    retryable: true,
    exit: 7,
    status: 503,
  },
  LEDGER_STORE_FAILED: {
    meaning: 'the disk failed while the ledger was written, and the daemon stops',
    hint: 'check the disk, then start the daemon again',
    retryable: false,
    exit: 74,
    status: 500,
  },
  LEDGER_STORE_CLOSED: {
    meaning: 'the ledger was closed, because the device left the mesh or stops',
    hint: 'repeat it once the device is in a mesh again',
    retryable: true,
    exit: 7,
    status: 503,
  },
  LEDGER_NOT_OPEN: {
    meaning: 'this device keeps no ledger now: it is in no mesh, or has just started',
    hint: 'join a mesh with `brume join`, or wait a moment',
    retryable: true,
    exit: 7,
    status: 409,
  },
}

function describe(failure: LedgerStoreFailure): string {
  switch (failure.code) {
    case 'LEDGER_STORE_DAMAGED':
      return `the ledger is damaged at entry ${failure.seq}: ${failure.reason}`
    case 'LEDGER_STORE_UNSUPPORTED':
      return `the ledger is of schema ${failure.schema}`
    case 'LEDGER_STORE_OVERLOADED':
      return `expected the disk to keep up, got ${failure.pending} records waiting`
    case 'LEDGER_STORE_FAILED':
      return 'the ledger could not be written'
    case 'LEDGER_STORE_CLOSED':
      return 'the ledger is closed'
    case 'LEDGER_NOT_OPEN':
      return 'expected an open ledger, got none'
  }
}
