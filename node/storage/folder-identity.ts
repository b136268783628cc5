/**
 * What tells a folder from a copy of it.
 *
 * A ledger that was restored from a backup lies in a folder that was made anew. A copy into the
 * very same folder, or of the whole file system, is not told apart.
 *
 * @module
 */

import { mkdir, stat } from 'node:fs/promises'
import { utf8 } from '../../core/bytes.ts'
import { storageErrorOf } from './errors.ts'

/**
 * The identity of the folder at `path`: at most 64 bytes.
 *
 * @throws {StorageError} `STATE_IO_FAILED`.
 */
export async function folderIdentity(path: string): Promise<Uint8Array> {
  try {
    const { ino, birthtimeNs } = await stat(path, { bigint: true })
    // Without the number of the device, which may be another after the machine has started again.
    return utf8(`${ino}/${birthtimeNs}`)
  } catch (error) {
    throw storageErrorOf(error, path)
  }
}

/**
 * The identity of the folder at `path`, which is made, for its owner alone, when it is not there.
 *
 * @throws {StorageError} `STATE_IO_FAILED`, `STATE_DISK_FULL`.
 */
export async function madeFolder(path: string): Promise<Uint8Array> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw storageErrorOf(error, path)
  }
  return folderIdentity(path)
}
