/**
 * What can go wrong with the state folder and with blobs.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

/** Why the disk did not do what was asked of it. */
export type StorageFailure =
  /** Another daemon uses the state folder. */
  | { readonly code: 'STATE_LOCKED'; readonly path: string; readonly pid: number }
  /** The state folder cannot be made, read or made private. */
  | { readonly code: 'STATE_DIR_UNUSABLE'; readonly path: string; readonly reason: string }
  /** The key of this device is not one that a daemon may use. */
  | { readonly code: 'STATE_IDENTITY_INVALID'; readonly path: string; readonly reason: string }
  /** No space, or less than must stay free. */
  | { readonly code: 'STATE_DISK_FULL'; readonly path: string }
  /** The database in the state folder is damaged. */
  | { readonly code: 'STATE_STORE_CORRUPTED'; readonly path: string }
  /** The operating system refused to read or write. */
  | { readonly code: 'STATE_IO_FAILED'; readonly path: string; readonly reason: string }
  /** The store holds no such blob. */
  | { readonly code: 'BLOB_NOT_FOUND'; readonly id: string }
  /** The bytes on disk are not those that the id stands for. */
  | { readonly code: 'BLOB_CORRUPTED'; readonly id: string }
  /** The bytes handed in are not that chunk of that blob. */
  | { readonly code: 'BLOB_CHUNK_INVALID'; readonly id: string; readonly index: number }
  /** A reference whose size and hashes cannot belong together. */
  | { readonly code: 'BLOB_REF_INVALID'; readonly id: string; readonly reason: string }
  /** More bytes than the store may hold. */
  | {
      readonly code: 'BLOB_QUOTA_EXCEEDED'
      readonly bytes: number
      readonly usedBytes: number
      readonly quotaBytes: number
    }
  /** Someone writes or uses this blob. */
  | { readonly code: 'BLOB_BUSY'; readonly id: string }

/** A failure of the state folder or the blob store. */
export class StorageError extends CodedError<StorageFailure> {
  constructor(failure: StorageFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

/** What each code of this room means to an operator. */
export const STORAGE_ERRORS: ErrorTable<StorageFailure['code']> = {
  STATE_LOCKED: {
    meaning: 'another daemon uses this state folder',
    hint: 'stop the process that the message names, or choose another --state-dir',
    retryable: true,
    exit: 7,
    status: 409,
  },
  STATE_DIR_UNUSABLE: {
    meaning: 'the state folder cannot be created, read or made private',
    hint: 'choose a --state-dir that you own on a disk that can be written',
    retryable: false,
    exit: 78,
    status: 500,
  },
  STATE_IDENTITY_INVALID: {
    meaning: 'the key file of this device has the wrong length or may be read by others',
    hint: 'restore the file with permissions 0600, or remove it to become a new device',
    retryable: false,
    exit: 78,
    status: 500,
  },
  STATE_DISK_FULL: {
    meaning: 'the disk of the state folder is full or nearly so',
    hint: 'free some space or remove models, then repeat the command: it goes on where it stopped',
    retryable: true,
    exit: 7,
    status: 507,
  },
  STATE_STORE_CORRUPTED: {
    meaning: 'the database in the state folder is damaged',
    hint: 'move the database folder that the message names away and start again; identity and blobs stay',
    retryable: false,
    exit: 1,
    status: 500,
  },
  STATE_IO_FAILED: {
    meaning: 'the operating system refused to read or write a file of the state folder',
    hint: 'check the disk, the permissions and the limit on open files',
    retryable: true,
    exit: 1,
    status: 500,
  },
  BLOB_NOT_FOUND: {
    meaning: 'this device does not hold the blob',
    hint: 'fetch or import the model that it belongs to',
    retryable: false,
    exit: 5,
    status: 404,
  },
  BLOB_CORRUPTED: {
    meaning: 'the bytes of a blob on disk are not those that its name stands for',
    hint: 'fetch or import the model again; the damaged file was moved to quarantine',
    retryable: true,
    exit: 1,
    status: 500,
  },
  BLOB_CHUNK_INVALID: {
    meaning: 'a chunk does not have the hash that its reference states',
    hint: 'fetch again from another holder',
    retryable: true,
    exit: 1,
    status: 502,
  },
  BLOB_REF_INVALID: {
    meaning: 'the size and the hashes of a blob reference do not belong together',
    hint: 'import the model again on the device that published it',
    retryable: false,
    exit: 1,
    status: 422,
  },
  BLOB_QUOTA_EXCEEDED: {
    meaning: 'the blob would take more than the space that the store may use',
    hint: 'remove a model with `brume model rm`, or raise models.storeBytesMax',
    retryable: false,
    exit: 7,
    status: 507,
  },
  BLOB_BUSY: {
    meaning: 'the blob is being written or used',
    hint: 'wait until the transfer or the job that uses it ends',
    retryable: true,
    exit: 7,
    status: 409,
  },
}

/** `error` of the operating system about `path` as one of ours; our own pass unchanged. */
export function storageErrorOf(error: unknown, path: string): unknown {
  if (error instanceof CodedError || !(error instanceof Error)) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined) return error
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new StorageError({ code: 'STATE_DISK_FULL', path }, { cause: error })
  }
  return new StorageError({ code: 'STATE_IO_FAILED', path, reason: code }, { cause: error })
}

function describe(failure: StorageFailure): string {
  switch (failure.code) {
    case 'STATE_LOCKED':
      return `${failure.path} is in use by process ${failure.pid}`
    case 'STATE_DIR_UNUSABLE':
      return `state folder ${failure.path} cannot be used: ${failure.reason}`
    case 'STATE_IDENTITY_INVALID':
      return `key file ${failure.path} cannot be used: ${failure.reason}`
    case 'STATE_DISK_FULL':
      return `no space left for ${failure.path}`
    case 'STATE_STORE_CORRUPTED':
      return `database ${failure.path} is damaged`
    case 'STATE_IO_FAILED':
      return `${failure.path}: ${failure.reason}`
    default:
      return describeBlob(failure)
  }
}

function describeBlob(failure: Extract<StorageFailure, { code: `BLOB_${string}` }>): string {
  switch (failure.code) {
    case 'BLOB_NOT_FOUND':
      return `blob ${failure.id} is not held here`
    case 'BLOB_CORRUPTED':
      return `blob ${failure.id} is damaged on disk`
    case 'BLOB_CHUNK_INVALID':
      return `chunk ${failure.index} of blob ${failure.id} has the wrong bytes`
    case 'BLOB_REF_INVALID':
      return `reference to blob ${failure.id}: ${failure.reason}`
    case 'BLOB_QUOTA_EXCEEDED':
      return quotaText(failure)
    case 'BLOB_BUSY':
      return `blob ${failure.id} is in use`
  }
}

function quotaText({ quotaBytes, usedBytes, bytes }: Record<QuotaFact, number>): string {
  const mebibytes = (count: number): string => `${(count / 1_048_576).toFixed(1)} MiB`
  return `expected at most ${mebibytes(quotaBytes)} of models, got ${mebibytes(usedBytes)} held and ${mebibytes(bytes)} more`
}

type QuotaFact = 'quotaBytes' | 'usedBytes' | 'bytes'
