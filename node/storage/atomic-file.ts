/**
 * Files that are either the old one or the new one, whatever happens in between.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { storageErrorOf } from './errors.ts'
import { nodeFileSystem, type FileSystem } from './file-system.ts'

/** How the names of files end that were being written when the process died. */
export const TEMPORARY_SUFFIX = '.tmp'

export interface WriteFileOptions {
  /** Permissions of the new file. Default 0600. */
  readonly mode?: number
  readonly fileSystem?: FileSystem
}

/**
 * Replaces the file at `path` by `bytes`: written beside it, synced, renamed, and the folder synced.
 *
 * @throws {StorageError} `STATE_DISK_FULL` or `STATE_IO_FAILED`; the old file is then unchanged
 * and nothing is left beside it.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  const fileSystem = options.fileSystem ?? nodeFileSystem
  const temporary = temporaryPath(dirname(path), basename(path))
  try {
    await writeSynced(fileSystem, temporary, bytes, options.mode ?? 0o600)
    await fileSystem.rename(temporary, path)
    await syncDirectory(fileSystem, dirname(path))
  } catch (error) {
    await removeQuietly(fileSystem, temporary)
    throw storageErrorOf(error, path)
  }
}

/** A path in `directory` that no one else uses, to be renamed when it is whole. */
export function temporaryPath(directory: string, name: string): string {
  return join(
    directory,
    `.${name}.${process.pid}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`,
  )
}

/** Makes the names in `directory` survive a loss of power. */
export async function syncDirectory(fileSystem: FileSystem, directory: string): Promise<void> {
  // Windows opens no folder; NTFS journals renames by itself.
  if (process.platform === 'win32') return
  await using handle = await fileSystem.open(directory, 'r')
  await handle.sync()
}

/** Removes a file that may not be there. */
export async function removeQuietly(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.rm(path, { force: true })
  } catch {
    // What is left over is removed at the next start, and the error that led here matters more.
  }
}

/** Removes what {@link writeFileAtomic} left in `directory` when a process died in it. Only for the owner of the folder. */
export async function removeTemporaries(fileSystem: FileSystem, directory: string): Promise<void> {
  for (const name of await fileSystem.readdir(directory)) {
    if (name.endsWith(TEMPORARY_SUFFIX)) await removeQuietly(fileSystem, join(directory, name))
  }
}

async function writeSynced(
  fileSystem: FileSystem,
  path: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  await using handle = await fileSystem.open(path, 'wx', mode)
  await handle.writeFile(bytes)
  await handle.sync()
}
