/**
 * Fetches models from a hub into a folder from which they are imported.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { StorageError, storageErrorOf } from '../storage/errors.ts'
import { HubError } from './errors.ts'
import { downloadFile } from './file-download.ts'
import { chooseFiles, type HubChoice } from './hub-choice.ts'
import { HubClient, type HubListing } from './hub-client.ts'
import { hubRefOf } from './hub-ref.ts'

export interface ModelHubComponents {
  readonly clock: Clock
  /** Says whether so many bytes of models would fit. */
  readonly blobs: { checkSpace(bytes: number): Promise<void> }
}

export interface ModelHubInit {
  /** Where files lie until they are imported, or fetched to their end. */
  readonly folder: string
  /** Address of the hub, without a slash at the end. */
  readonly endpoint: string
  /** What the environment gives, before that of the file. */
  readonly token: string | undefined
  /** Path of a file with the token, or empty. */
  readonly tokenFile: string
  readonly pauseMs?: number
  readonly silenceMs?: number
}

export interface FetchWork {
  readonly signal: AbortSignal
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void
}

/** A model whose files are here. */
export interface FetchedModel extends AsyncDisposable {
  /** A file, or a folder with safetensors. */
  readonly path: string
  /** Of the repository, or of the file that was asked for. */
  readonly name: string
  readonly licence: string | undefined
  /** Repository and commit, for people. */
  readonly origin: string
}

const PAUSE_MS = 1_000
const SILENCE_MS = 30_000
/** How long files wait for the next try, in ms: a week. */
const KEPT_MS = 7 * 24 * 3_600_000
const PROGRESS_STEP_BYTES = 2 * 2 ** 20
const TOKEN_BYTES_MAX = 4_096

export class ModelHub {
  readonly #components: ModelHubComponents
  readonly #init: ModelHubInit
  /** Folders that are being filled, and when each is left. */
  readonly #busy = new Map<string, Promise<void>>()

  constructor(components: ModelHubComponents, init: ModelHubInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * The files of a model, complete and checked; disposing of the result removes them.
   *
   * When this fails what came stays for a week, and the next call goes on there.
   *
   * @param endpoint - Another hub than usual: it is not given the token.
   * @throws {HubError} {StorageError} BLOB_QUOTA_EXCEEDED, STATE_DISK_FULL, STATE_IO_FAILED.
   */
  async fetch(text: string, endpoint: string | undefined, work: FetchWork): Promise<FetchedModel> {
    const ref = hubRefOf(text)
    const client = await this.#client(endpoint)
    const listing = await client.listing(ref, work.signal)
    const choice = chooseFiles(listing.files, ref.file)
    const { repository } = ref
    const id = createHash('sha256').update(`${client.endpoint}\n${repository}\n${listing.commit}`)
    const folder = join(this.#init.folder, id.digest('hex').slice(0, 32))
    const leave = await this.#enter(folder)
    try {
      await this.#removeOld()
      await this.#checkSpace(choice, folder)
      await this.#download({ client, ref, listing, choice, folder }, work)
    } catch (error) {
      leave()
      throw error
    }
    const { entry } = choice
    return {
      path: entry === undefined ? folder : join(folder, entry),
      name: (ref.file ?? repository).split('/').at(-1) ?? repository,
      licence: listing.licence,
      origin: `hf:${repository}@${listing.commit.slice(0, 12)}`,
      [Symbol.asyncDispose]: async () => {
        await rm(folder, { recursive: true, force: true })
        leave()
      },
    }
  }

  async #client(endpoint: string | undefined): Promise<HubClient> {
    const { silenceMs = SILENCE_MS, endpoint: usual } = this.#init
    const other = endpoint?.replace(/\/+$/, '')
    if (other !== undefined && other !== usual) {
      return new HubClient({ endpoint: other, token: undefined, silenceMs })
    }
    return new HubClient({ endpoint: usual, token: await this.#token(), silenceMs })
  }

  async #token(): Promise<string | undefined> {
    const { token, tokenFile } = this.#init
    if (token !== undefined && token !== '') return token
    if (tokenFile === '') return undefined
    const text = await readFile(tokenFile, 'utf8').catch(() => '')
    const line = text.trim()
    if (/^[\x21-\x7e]+$/.test(line) && line.length <= TOKEN_BYTES_MAX) return line
    throw new HubError({ code: 'HUB_TOKEN_UNREADABLE', file: tokenFile })
  }

  /** Waits until nobody else fills the folder. */
  async #enter(folder: string): Promise<() => void> {
    for (;;) {
      const busy = this.#busy.get(folder)
      if (busy === undefined) break
      await busy
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#busy.set(folder, promise)
    return () => {
      this.#busy.delete(folder)
      resolve()
    }
  }

  /** Files that nobody came back for. */
  async #removeOld(): Promise<void> {
    const { folder } = this.#init
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      for (const name of await readdir(folder)) {
        const path = join(folder, name)
        const { mtimeMs } = await stat(path)
        const old = mtimeMs < this.#components.clock.wallMs() - KEPT_MS
        if (old && !this.#busy.has(path)) await rm(path, { recursive: true, force: true })
      }
    } catch (error) {
      throw storageErrorOf(error, folder)
    }
  }

  /** The files and the blobs that they become are here together for a while. */
  async #checkSpace({ files }: HubChoice, folder: string): Promise<void> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    await this.#components.blobs.checkSpace(bytes)
    const held = await heldBytes(files.map(({ path }) => join(folder, path)))
    const { bavail, bsize } = await statfs(this.#init.folder)
    if (bavail * bsize < 2 * bytes - held) {
      throw new StorageError({ code: 'STATE_DISK_FULL', path: this.#init.folder })
    }
  }

  async #download(
    { client, ref, listing, choice, folder }: Fetching,
    { signal, onProgress }: FetchWork,
  ): Promise<void> {
    const { files } = choice
    const { clock } = this.#components
    const { pauseMs = PAUSE_MS } = this.#init
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
    let before = 0
    let told = -PROGRESS_STEP_BYTES
    for (const file of files) {
      const done = before
      const tell = (bytes: number): void => {
        if (done + bytes < told + PROGRESS_STEP_BYTES && bytes < file.bytes) return
        told = done + bytes
        onProgress(told, total)
      }
      const { commit } = listing
      const init = { client, clock, ref, commit, pauseMs, onProgress: tell }
      await downloadFile(init, file, join(folder, file.path), signal)
      before += file.bytes
    }
    onProgress(total, total)
  }
}

interface Fetching {
  readonly client: HubClient
  readonly ref: ReturnType<typeof hubRefOf>
  readonly listing: HubListing
  readonly choice: HubChoice
  readonly folder: string
}

async function heldBytes(paths: readonly string[]): Promise<number> {
  let bytes = 0
  for (const path of paths) {
    for (const file of [path, `${path}.part`]) {
      // What is not there takes no space.
      bytes += (await stat(file).catch(() => undefined))?.size ?? 0
    }
  }
  return bytes
}
