/**
 * Fetches one file of a hub to its end, whatever breaks on the way, and checks its hash.
 *
 * What has come stays in a file beside its place: the next try goes on there, in this run or a later one.
 *
 * @module
 */

import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { errorCode } from '../../core/errors.ts'
import { storageErrorOf } from '../storage/errors.ts'
import { HubError } from './errors.ts'
import { faulty, refusalOf, type HubClient, type HubFile } from './hub-client.ts'
import type { HubRef } from './hub-ref.ts'

export interface DownloadInit {
  readonly client: HubClient
  readonly clock: Clock
  readonly ref: HubRef
  readonly commit: string
  /** First pause after a failure, in ms; each failure without progress doubles it. */
  readonly pauseMs: number
  /** Told the bytes of the file that are here. */
  readonly onProgress: (bytes: number) => void
}

/** Failures one after another, with nothing come between them. */
const FAILURES_MAX = 6
/** Longest pause that a hub may ask for, in ms. */
const PAUSE_MS_MAX = 60_000
/** Tries of a file whose bytes are wrong. */
const TRIES_MAX = 2

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<unknown> = new Set(['HUB_UNREACHABLE', 'HUB_BUSY'])

/**
 * Writes `file` to `path`, or leaves what is there when that is the file already.
 *
 * @throws {HubError} {StorageError} STATE_DISK_FULL, STATE_IO_FAILED.
 */
export async function downloadFile(
  init: DownloadInit,
  file: HubFile,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const part = `${path}.part`
  await onDisk(path, () => mkdir(dirname(path), { recursive: true, mode: 0o700 }))
  if ((await sizeOf(path)) === file.bytes) {
    // Renamed only after its hash was right.
    init.onProgress(file.bytes)
    return
  }
  for (let tries = 1; ; tries++) {
    await fetchWhole(init, file, part, signal)
    if ((await hashOfFile(part, file, signal)) === file.hash.hex) break
    await onDisk(part, () => rm(part, { force: true }))
    if (tries >= TRIES_MAX) throw new HubError({ code: 'HUB_HASH_MISMATCH', file: file.path })
  }
  await onDisk(path, () => rename(part, path))
}

/** Goes on until all bytes are here. */
async function fetchWhole(
  init: DownloadInit,
  file: HubFile,
  part: string,
  signal: AbortSignal,
): Promise<void> {
  const { clock, pauseMs } = init
  let failures = 0
  for (;;) {
    signal.throwIfAborted()
    const held = await sizeOf(part)
    if (held === file.bytes) return
    try {
      await fetchRest(init, file, part, signal)
    } catch (error) {
      if (!PASSING.has(errorCode(error))) throw error
      failures = ((await sizeOf(part)) ?? 0) > (held ?? 0) ? 1 : failures + 1
      if (failures >= FAILURES_MAX) throw error
      const asked = error instanceof RetryLater ? error.afterMs : 0
      await clock.sleep(Math.max(asked, pauseMs * 2 ** (failures - 1)), signal)
    }
  }
}

/** A hub that says when it will answer again. */
class RetryLater extends HubError {
  readonly afterMs: number

  constructor(status: number, afterMs: number) {
    super({ code: 'HUB_BUSY', status })
    this.afterMs = afterMs
  }
}

/** One request. @throws {HubError} HUB_UNREACHABLE when it breaks off before the end. */
async function fetchRest(
  { client, ref, commit, onProgress }: DownloadInit,
  file: HubFile,
  part: string,
  signal: AbortSignal,
): Promise<void> {
  const { bytes } = file
  const held = (await sizeOf(part)) ?? 0
  // What is too long cannot become right.
  const from = held < bytes ? held : 0
  const response = await client.file(ref, commit, { file, from }, signal)
  const start = await startOf(response, from)
  // What is here is not of the file that the hub has: from the beginning, then.
  if (start === undefined) {
    await onDisk(part, () => rm(part, { force: true }))
    throw new RetryLater(response.status, 0)
  }
  const handle = await onDisk(part, () => open(part, start === 0 ? 'w' : 'r+', 0o600))
  let at = start
  try {
    for await (const chunk of client.chunks(response, signal)) {
      if (at + chunk.length > bytes) throw faulty(`at most ${bytes} bytes of a file`)
      await onDisk(part, () => handle.write(chunk, 0, chunk.length, at))
      at += chunk.length
      onProgress(at)
    }
    await onDisk(part, () => handle.sync())
  } finally {
    await handle.close()
  }
  if (at < bytes) throw new HubError({ code: 'HUB_UNREACHABLE', endpoint: client.endpoint })
}

/** Where the body begins in the file, or undefined when the file does not go on at `from`. */
async function startOf(response: Response, from: number): Promise<number | undefined> {
  const { status } = response
  if (status === 200) return 0
  if (status === 206 && firstByte(response) === from) return from
  await response.body?.cancel()
  if (status === 206) throw faulty('the part of a file that was asked for')
  if (status === 416 && from > 0) return undefined
  throw status === 429 || status === 503
    ? new RetryLater(status, askedPauseMs(response))
    : refusalOf(response, 'the file')
}

function firstByte({ headers }: Response): number | undefined {
  const [, first] = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '') ?? []
  return first === undefined ? undefined : Number(first)
}

/** In seconds by the rule (RFC 9110, section 10.2.3); a date counts as no pause. */
function askedPauseMs({ headers }: Response): number {
  const seconds = Number(headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? Math.min(PAUSE_MS_MAX, Math.max(0, seconds) * 1_000) : 0
}

async function hashOfFile(path: string, file: HubFile, signal: AbortSignal): Promise<string> {
  const hash = hashFor(file)
  for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}

/** Git names a file by the hash of its kind, its length and its content. */
function hashFor({ hash, bytes }: HubFile): Hash {
  if (hash.kind === 'sha256') return createHash('sha256')
  return createHash('sha1').update(`blob ${bytes}\0`)
}

/** Undefined when there is no such file; whatever else is wrong with it, opening it will say. */
async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await stat(path).catch(() => undefined)
  return stats?.size
}

async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storageErrorOf(error, path)
  }
}
