/**
 * A lock that is a file: made in one step, and outlived by no process for long.
 *
 * The file names its holder by process number and time of birth, so that a lock whose
 * holder was killed can be taken over, and a number that was given out again is not
 * mistaken for the holder. Whoever takes over a dead lock holds a lock on that very
 * right first, named after the dead lock's nonce: of several that try at once, one wins.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { removeQuietly, temporaryPath } from './atomic-file.ts'
import { StorageError } from './errors.ts'
import { hasErrno, type FileSystem } from './file-system.ts'
import { isAlive, processBirth } from './process-birth.ts'

/** How many processes in a row may have died while they took over a lock. */
const TAKEOVER_DEPTH_MAX = 4

/** Looks at the lock again when it vanished between two steps. */
const ATTEMPTS_MAX = 8

export interface LockFile {
  release(): Promise<void>
}

interface Holder {
  readonly pid: number
  /** What {@link processBirth} said of it; null when the system does not tell. */
  readonly birth: string | null
  readonly nonce: string
}

/**
 * Takes the lock at `path`.
 *
 * @throws {StorageError} `STATE_LOCKED` when a living process holds it.
 */
export async function acquireLock(fileSystem: FileSystem, path: string): Promise<LockFile> {
  const own: Holder = {
    pid: process.pid,
    birth: (await processBirth(process.pid)) ?? null,
    nonce: randomBytes(8).toString('hex'),
  }
  await acquire(fileSystem, path, own, 0)
  return { release: () => release(fileSystem, path, own) }
}

async function acquire(
  fileSystem: FileSystem,
  path: string,
  own: Holder,
  depth: number,
): Promise<void> {
  const draft = temporaryPath(dirname(path), 'lock')
  await write(fileSystem, draft, own)
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      if (await linked(fileSystem, draft, path)) return
      const holder = await readHolder(fileSystem, path)
      if (holder === undefined) continue
      if (depth === TAKEOVER_DEPTH_MAX || (await isHeld(holder))) {
        throw new StorageError({ code: 'STATE_LOCKED', path, pid: holder.pid })
      }
      if (await takeOver(fileSystem, { path, draft, own, holder, depth })) return
    }
    throw new StorageError({ code: 'STATE_LOCKED', path, pid: 0 })
  } finally {
    await removeQuietly(fileSystem, draft)
  }
}

interface TakeOver {
  readonly path: string
  readonly draft: string
  readonly own: Holder
  readonly holder: Holder
  readonly depth: number
}

/** True when the dead lock was replaced by ours; false when another was faster. */
async function takeOver(fileSystem: FileSystem, take: TakeOver): Promise<boolean> {
  const rightPath = `${take.path}.${take.holder.nonce}`
  await acquire(fileSystem, rightPath, take.own, take.depth + 1)
  try {
    const now = await readHolder(fileSystem, take.path)
    if (now?.nonce !== take.holder.nonce) return false
    await fileSystem.rename(take.draft, take.path)
    return true
  } finally {
    await release(fileSystem, rightPath, take.own)
  }
}

async function release(fileSystem: FileSystem, path: string, own: Holder): Promise<void> {
  const holder = await readHolder(fileSystem, path)
  if (holder?.nonce === own.nonce) await fileSystem.rm(path, { force: true })
}

async function isHeld(holder: Holder): Promise<boolean> {
  if (!isAlive(holder.pid)) return false
  const birth = await processBirth(holder.pid)
  // Without both times the living process is given the benefit of the doubt.
  return birth === undefined || holder.birth === null || birth === holder.birth
}

async function linked(fileSystem: FileSystem, draft: string, path: string): Promise<boolean> {
  try {
    await fileSystem.link(draft, path)
    return true
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  }
}

async function write(fileSystem: FileSystem, path: string, holder: Holder): Promise<void> {
  await using handle = await fileSystem.open(path, 'wx', 0o600)
  await handle.writeFile(JSON.stringify(holder))
  await handle.sync()
}

/** Undefined when the file is gone. One that cannot be read counts as held by nobody that lives. */
async function readHolder(fileSystem: FileSystem, path: string): Promise<Holder | undefined> {
  let text: string
  try {
    text = await fileSystem.readFile(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
  try {
    const { pid, birth, nonce } = JSON.parse(text) as Holder
    if (Number.isSafeInteger(pid) && pid > 0 && /^[0-9a-f]{16}$/.test(nonce)) {
      return { pid, birth, nonce }
    }
  } catch {
    // Falls through: locks appear whole, so this is not one of ours or was damaged with the disk.
  }
  return { pid: 0, birth: null, nonce: 'damaged' }
}
