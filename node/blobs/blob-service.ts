/**
 * Blobs between devices: serves what is held here, and fetches what is not from others.
 *
 * @module
 */

import type { BlobId, PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import {
  BlocksError,
  blobRefMismatch,
  DESCRIBED_BYTES_MAX,
  type BlobRef,
  type FetcherInit,
} from '../../protocols/blocks/index.ts'
import { StorageError } from '../storage/errors.ts'
import {
  BlobFetch,
  type BlobFetchComponents,
  type FetchProgress,
  type FindHolders,
} from './blob-fetch.ts'
import { BlobServer, type BlobServerComponents, type BlobServerInit } from './blob-server.ts'
import { fetchWholeFrom } from './whole-fetch.ts'

export type BlobServiceComponents = BlobFetchComponents & Pick<BlobServerComponents, 'bulk'>

export interface BlobServiceInit {
  readonly server: BlobServerInit
  readonly fetcher: FetcherInit
  readonly whole: WholeLimits
}

/** Silence of a holder that is asked for a blob by its id alone. */
export interface WholeLimits {
  /** From the dial to the link, and from there to a description, in ms. */
  readonly describeMs: number
  /** Before each chunk, in ms. */
  readonly stallMs: number
}

/** What an ordinary device does. Times are for a home network with slow uplinks. */
export const DEFAULT_BLOB_SERVICE_INIT: BlobServiceInit = {
  server: { linksPerPeerMax: 4, chunksActiveMax: 16, chunksActivePerLinkMax: 8 },
  fetcher: {
    windowBytesMax: 16_777_216,
    reissueMs: 1_000,
    stallMs: 30_000,
    retryMs: 500,
    failuresMax: 4,
    searchMs: 15_000,
    searchEveryMs: 3_000,
  },
  whole: { describeMs: 3_000, stallMs: 10_000 },
}

/** Holders that are asked for a blob by its id alone. */
const DESCRIBERS_MAX = 64

export interface FetchOptions {
  readonly signal?: AbortSignal
  /** Told after every chunk; the bytes of blobs that were held already count as done. */
  readonly onProgress?: (progress: FetchProgress) => void
}

export interface FetchWholeOptions {
  readonly signal?: AbortSignal
  /** Largest size that is taken, in bytes, at most `DESCRIBED_BYTES_MAX`. */
  readonly bytesMax?: number
}

export class BlobService implements Startable {
  readonly #components: BlobServiceComponents
  readonly #init: BlobServiceInit
  readonly #listeners = new Set<(refs: readonly BlobRef[]) => void>()
  /** Blobs that some fetch is at, with the end of that fetch, however it ends. */
  readonly #fetching = new Map<BlobId, Promise<void>>()
  /** Holders that last gave no blob by its id alone, the oldest first: asked after all others. */
  readonly #unhelpful = new Set<PeerId>()
  readonly #stopping = new AbortController()
  #server: BlobServer | undefined

  constructor(components: BlobServiceComponents, init: BlobServiceInit) {
    this.#components = components
    this.#init = init
  }

  /** Begins to serve. */
  async start(signal: AbortSignal): Promise<void> {
    invariant(this.#server === undefined, 'a blob service is started once')
    signal.throwIfAborted()
    this.#server = new BlobServer(this.#components, this.#init.server)
  }

  /** Ends fetches, which reject, and keeps what they have. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#server?.stop()
    await Promise.all(this.#fetching.values())
  }

  /** Calls back with the blobs of each fetch that ended well: this device now provides them. Returns how to stop. */
  onFetched(listener: (refs: readonly BlobRef[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Gets all blobs that are not held into the store, from several holders at once.
   *
   * `holders` says who may have them, and is asked again when those cannot help. What was
   * fetched stays on the disk when this rejects, and the next fetch goes on from there.
   * Blobs that another fetch is at are waited for. Not collected while this runs.
   *
   * @throws {BlocksError} `BLOCKS_NO_HOLDER` when nobody that can be reached has the rest.
   * @throws {StorageError} `BLOB_REF_INVALID`, `BLOB_QUOTA_EXCEEDED` before anything is fetched,
   * `STATE_DISK_FULL`, `STATE_IO_FAILED`.
   */
  async fetch(
    refs: readonly BlobRef[],
    holders: FindHolders,
    options: FetchOptions = {},
  ): Promise<void> {
    const { blobs } = this.#components
    const wanted = [...new Map(refs.map((ref) => [ref.id, ref])).values()]
    for (const ref of wanted) check(ref)
    const signal = this.#limit(options.signal)
    const unpin = blobs.pin(wanted.map(({ id }) => id))
    try {
      for (;;) {
        const missing = wanted.filter(({ id }) => !blobs.has(id))
        if (missing.length === 0) break
        signal.throwIfAborted()
        const free = missing.filter(({ id }) => !this.#fetching.has(id))
        if (free.length === 0) await this.#waitForOthers(missing, signal)
        else
          await this.#fetchFree(free, wanted, { holders, signal, onProgress: options.onProgress })
      }
    } finally {
      unpin()
    }
    for (const listener of this.#listeners) listener(wanted)
  }

  /**
   * Gets one small blob of which only the id is known.
   *
   * Holders are asked one after another, and each must deliver what it described. A lie costs
   * time, and nothing of it is kept; who told it is asked last the next time.
   *
   * @throws {BlocksError} `BLOCKS_NOT_DESCRIBED` when nobody that can be reached has it.
   * @throws {StorageError} `BLOB_QUOTA_EXCEEDED`, `STATE_DISK_FULL`, `STATE_IO_FAILED`.
   */
  async fetchWhole(
    id: BlobId,
    holders: FindHolders,
    options: FetchWholeOptions = {},
  ): Promise<void> {
    const { blobs } = this.#components
    if (blobs.has(id)) return
    const signal = this.#limit(options.signal)
    const { bytesMax = DESCRIBED_BYTES_MAX } = options
    for (const holder of this.#describers(await holders(signal))) {
      // Until it helps, so also when the caller loses patience with it.
      this.#noteUnhelpful(holder)
      const init = { ...this.#init.whole, blob: id, bytesMax, holder, signal }
      const bytes = await fetchWholeFrom(this.#components, init)
      if (bytes === undefined) continue
      this.#unhelpful.delete(holder)
      const ref = await blobs.put(bytes)
      for (const listener of this.#listeners) listener([ref])
      return
    }
    throw new BlocksError({ code: 'BLOCKS_NOT_DESCRIBED', blob: id })
  }

  /** Each once, those first that did not disappoint before. */
  #describers(found: readonly PeerId[]): readonly PeerId[] {
    const all = [...new Set(found)]
    const isUnhelpful = (peer: PeerId): boolean => this.#unhelpful.has(peer)
    const helpful = all.filter((peer) => !isUnhelpful(peer))
    return [...helpful, ...all.filter(isUnhelpful)].slice(0, DESCRIBERS_MAX)
  }

  #noteUnhelpful(holder: PeerId): void {
    this.#unhelpful.delete(holder)
    this.#unhelpful.add(holder)
    const [oldest] = this.#unhelpful
    if (this.#unhelpful.size > DESCRIBERS_MAX && oldest !== undefined) {
      this.#unhelpful.delete(oldest)
    }
  }

  #limit(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any([this.#stopping.signal, ...(signal ? [signal] : [])])
  }

  async #fetchFree(
    free: readonly BlobRef[],
    wanted: readonly BlobRef[],
    init: {
      readonly holders: FindHolders
      readonly signal: AbortSignal
      readonly onProgress: ((progress: FetchProgress) => void) | undefined
    },
  ): Promise<void> {
    const ended = Promise.withResolvers<void>()
    for (const { id } of free) this.#fetching.set(id, ended.promise)
    try {
      const bytesTotal = sumBytes(wanted)
      const bytesFree = sumBytes(free)
      await this.#components.blobs.checkSpace(bytesFree)
      const bytesHeld = sumBytes(wanted.filter(({ id }) => this.#components.blobs.has(id)))
      const fetch = new BlobFetch(this.#components, {
        fetcher: this.#init.fetcher,
        refs: free,
        holders: init.holders,
        signal: init.signal,
        onProgress: ({ bytesDone, holders }) =>
          init.onProgress?.({ bytesDone: bytesHeld + bytesDone, bytesTotal, holders }),
      })
      await fetch.run()
    } finally {
      for (const { id } of free) this.#fetching.delete(id)
      ended.resolve()
    }
  }

  /** Until one of the other fetches ends: what it did not bring is then fetched here. */
  async #waitForOthers(missing: readonly BlobRef[], signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>()
    const onAbort = (): void => aborted.resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    const others = missing.flatMap(({ id }) => this.#fetching.get(id) ?? [])
    await Promise.race([aborted.promise, ...others])
    signal.removeEventListener('abort', onAbort)
  }
}

function check(ref: BlobRef): void {
  const reason = blobRefMismatch(ref)
  if (reason !== undefined) {
    throw new StorageError({ code: 'BLOB_REF_INVALID', id: ref.id, reason })
  }
}

function sumBytes(refs: readonly BlobRef[]): number {
  return refs.reduce((sum, { bytes }) => sum + bytes, 0)
}
