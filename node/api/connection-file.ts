/**
 * Writes the files by which programs of the same user find the API and prove who they are.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { utf8 } from '../../core/bytes.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import { type ApiConnection, connectionFile, keyFile } from './connection.ts'

/** Says where the API listens, for as long as it does. */
export async function writeConnection(stateDir: string, connection: ApiConnection): Promise<void> {
  await writeFileAtomic(connectionFile(stateDir), utf8(`${JSON.stringify(connection)}\n`))
}

/** Says that the API no longer listens. */
export async function removeConnection(stateDir: string): Promise<void> {
  await rm(connectionFile(stateDir), { force: true })
}

const KEY = /^brumek_[A-Za-z0-9_-]{43}$/

/** The key of this state folder, made at the first call: 32 random bytes, in a file of mode 0600. */
export async function loadOrCreateKey(stateDir: string): Promise<string> {
  const held = await readKey(keyFile(stateDir))
  if (held !== undefined) return held

  const key = `brumek_${randomBytes(32).toString('base64url')}`
  await writeFileAtomic(keyFile(stateDir), utf8(`${key}\n`))
  return key
}

/** True when `given` is the key. Takes the same time wherever the two differ. */
export function keyMatches(given: string, key: string): boolean {
  return timingSafeEqual(digest(given), digest(key))
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    return KEY.test(text) ? text : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
