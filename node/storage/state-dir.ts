/**
 * The folder in which a daemon keeps everything: private, and used by one daemon at a time.
 *
 * @module
 */

import { join, resolve } from 'node:path'
import { removeTemporaries } from './atomic-file.ts'
import { StorageError } from './errors.ts'
import { nodeFileSystem, type FileSystem } from './file-system.ts'
import { acquireLock } from './lock-file.ts'

/** A state folder that is ours until it is released. */
export interface StateDir {
  /** Absolute path. */
  readonly path: string
  release(): Promise<void>
}

/**
 * Makes the folder private (0700), takes its lock, and removes files that a killed daemon left half-written.
 *
 * The lock sees processes of this machine and PID namespace only. Two containers that share
 * a folder are kept apart by the lock of the database in it.
 *
 * @throws {StorageError} `STATE_LOCKED` when another daemon holds it, or `STATE_DIR_UNUSABLE`.
 */
export async function openStateDir(
  path: string,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<StateDir> {
  const absolute = resolve(path)
  try {
    await fileSystem.mkdir(absolute, { recursive: true, mode: 0o700 })
    await fileSystem.chmod(absolute, 0o700)
    const lock = await acquireLock(fileSystem, join(absolute, 'lock'))
    try {
      await removeTemporaries(fileSystem, absolute)
    } catch (error) {
      await lock.release()
      throw error
    }
    return { path: absolute, release: () => lock.release() }
  } catch (error) {
    throw unusable(error, absolute)
  }
}

function unusable(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageError) return error
  const reason = (error as NodeJS.ErrnoException).code
  if (reason === undefined) return error
  if (reason === 'ENOSPC' || reason === 'EDQUOT') {
    return new StorageError({ code: 'STATE_DISK_FULL', path }, { cause: error })
  }
  return new StorageError({ code: 'STATE_DIR_UNUSABLE', path, reason }, { cause: error })
}
