/**
 * The manifest that this device shows, and the keys by which it believes those of others, from files.
 *
 * @module
 */

import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AttestationError } from '../../attestation/index.ts'

/** Public Ed25519 keys in PEM, one a file. @throws {AttestationError} `SELF_RELEASE`. */
export function releaseKeysIn(paths: readonly string[]): Promise<readonly KeyObject[]> {
  return Promise.all(
    paths.map(async (path) => {
      const pem = await bytesOf(path)
      try {
        const key = createPublicKey(Buffer.from(pem))
        if (key.asymmetricKeyType === 'ed25519') return key
      } catch {
        // Said below, like a key of another kind.
      }
      throw refused(`${path} holds no public Ed25519 key`)
    }),
  )
}

/** The signed manifest at `path`; undefined for an empty path. @throws {AttestationError} `SELF_RELEASE`. */
export async function manifestIn(path: string): Promise<Uint8Array | undefined> {
  return path === '' ? undefined : bytesOf(path)
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw refused(`cannot read ${path}`, cause)
  }
}

function refused(reason: string, cause?: unknown): AttestationError {
  return new AttestationError({ code: 'SELF_RELEASE', reason }, { cause })
}
