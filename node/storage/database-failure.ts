/**
 * What the database says went wrong, in our words.
 *
 * @module
 */

import { StorageError, type StorageFailure } from './errors.ts'

/** `error` of the database in the folder `path` as one of ours; anything else unchanged. */
export function databaseFailure(error: unknown, path: string): unknown {
  // The database wraps the error that says why in others.
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const failure = failureFor(cause, path)
    if (failure !== undefined) return new StorageError(failure, { cause: error })
  }
  return error
}

function failureFor(cause: Error, path: string): StorageFailure | undefined {
  if (cause.message.includes('No space left')) return { code: 'STATE_DISK_FULL', path }
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'LEVEL_CORRUPTION') return { code: 'STATE_STORE_CORRUPTED', path }
  if (code === 'LEVEL_LOCKED') return { code: 'STATE_LOCKED', path, pid: 0 }
  if (code === 'LEVEL_IO_ERROR') return { code: 'STATE_IO_FAILED', path, reason: 'database' }
  return undefined
}
