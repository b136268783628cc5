/**
 * The key that is this device's name.
 *
 * @module
 */

import { join } from 'node:path'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { createSigner, SEED_BYTES } from '../crypto/signer.ts'
import { systemRandom } from '../system/system-random.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { StorageError, storageErrorOf } from './errors.ts'
import { hasErrno, nodeFileSystem, type FileSystem } from './file-system.ts'

/** Name of the key file in the state folder: the 32 bytes of the Ed25519 seed and nothing else. */
export const IDENTITY_FILE = 'identity'

export interface Identity {
  /** 32 bytes. Secret: never logged, never sent. */
  readonly seed: Uint8Array
  readonly peer: PeerId
  readonly signer: Signer
}

/**
 * The identity kept in state folder `directory`, made on first use. The caller holds the folder's lock.
 *
 * @throws {StorageError} `STATE_IDENTITY_INVALID` when others may read the file or its length is
 * wrong: a device must not silently become another one.
 */
export async function loadOrCreateIdentity(
  directory: string,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<Identity> {
  const path = join(directory, IDENTITY_FILE)
  let seed = await readSeed(fileSystem, path)
  if (seed === undefined) {
    seed = systemRandom.bytes(SEED_BYTES)
    await writeFileAtomic(path, seed, { mode: 0o600, fileSystem })
  }
  const signer = createSigner(seed)
  return { seed, peer: signer.peer, signer }
}

async function readSeed(fileSystem: FileSystem, path: string): Promise<Uint8Array | undefined> {
  try {
    const stat = await fileSystem.lstat(path)
    if (!stat.isFile()) throw invalid(path, 'expected a plain file')
    // Windows has no such bits: the folder's own access list guards the file there.
    const open = stat.mode & 0o077
    if (process.platform !== 'win32' && open !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0')
      throw invalid(path, `expected permissions 0600, got ${mode}`)
    }
    if (stat.size !== SEED_BYTES) {
      throw invalid(path, `expected ${SEED_BYTES} bytes, got ${stat.size}`)
    }
    return new Uint8Array(await fileSystem.readFile(path))
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw storageErrorOf(error, path)
  }
}

function invalid(path: string, reason: string): StorageError {
  return new StorageError({ code: 'STATE_IDENTITY_INVALID', path, reason })
}
