/**
 * One fetch: real links, real time and the disk around a fetcher machine.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { TimePassed } from '../../core/machine.ts'
import {
  BLOCKS_FRAME_BYTES_MAX,
  BLOCKS_PROTOCOL,
  BlocksError,
  ChunkSet,
  decodeBlocksMessage,
  encodeBlocksMessage,
  FetcherMachine,
  type BlobRef,
  type FetcherInit,
  type FetcherInput,
  type FetcherOutput,
} from '../../protocols/blocks/index.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Link, Network } from '../network/network.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import { callAt } from '../system/clock-timer.ts'
import { ChunkWriter } from './chunk-writer.ts'

export interface BlobFetchComponents {
  readonly network: Pick<Network, 'open' | 'handle'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly logger: Logger
}

export interface FetchProgress {
  readonly bytesDone: number
  readonly bytesTotal: number
  /** Holders whose link is up. */
  readonly holders: number
}

/** Says who may have the blobs; asked again when those that are known cannot help. */
export type FindHolders = (signal: AbortSignal) => readonly PeerId[] | Promise<readonly PeerId[]>

export interface BlobFetchInit {
  readonly fetcher: FetcherInit
  /** Blobs that are not held, each once. */
  readonly refs: readonly BlobRef[]
  readonly holders: FindHolders
  readonly signal: AbortSignal
  readonly onProgress: (progress: FetchProgress) => void
}

export class BlobFetch {
  readonly #components: BlobFetchComponents
  readonly #init: BlobFetchInit
  readonly #writer: ChunkWriter
  readonly #driver: MachineDriver<FetcherInput | TimePassed, FetcherOutput>
  readonly #links = new Map<PeerId, Link>()
  readonly #work = new Set<Promise<void>>()
  readonly #refs: ReadonlyMap<string, BlobRef>
  #searching = false
  readonly #ended = Promise.withResolvers<void>()
  /** Aborts dials that are under way when the fetch is over. */
  readonly #over = new AbortController()

  constructor(components: BlobFetchComponents, init: BlobFetchInit) {
    this.#components = components
    this.#init = init
    this.#writer = new ChunkWriter(components.blobs)
    this.#refs = new Map(init.refs.map((ref) => [ref.id, ref]))
    // It may be rejected before `run` awaits it.
    this.#ended.promise.catch(() => undefined)
    this.#driver = new MachineDriver<FetcherInput | TimePassed, FetcherOutput>(
      new FetcherMachine(init.fetcher),
      {
        nowMs: () => components.clock.monotonicMs(),
        schedule: (atMs, callback) => callAt(components.clock, atMs, callback),
        perform: (output) => this.#perform(output),
      },
    )
  }

  /**
   * Resolves once every blob is in the store. What came stays on the disk when it rejects.
   *
   * @throws {BlocksError} `BLOCKS_NO_HOLDER`.
   * @throws {StorageError} when the disk fails or is full.
   */
  async run(): Promise<void> {
    const { signal, refs } = this.#init
    const onAbort = (): void => this.#ended.reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      signal.throwIfAborted()
      const blobs = []
      for (const ref of refs) blobs.push({ ref, held: await this.#held(ref) })
      // Knowing no holder, the machine begins with a search.
      this.#driver.feed({ type: 'start', blobs, holders: [] })
      await this.#ended.promise
    } finally {
      signal.removeEventListener('abort', onAbort)
      await this.#stop()
    }
  }

  /** A blob of one chunk is there or is not: no file needs to be looked at. */
  async #held(ref: BlobRef): Promise<ChunkSet> {
    if (ref.chunkHashes.length < 2) return new ChunkSet(ref.chunkHashes.length)
    return this.#components.blobs.partialChunks(ref)
  }

  async #stop(): Promise<void> {
    this.#driver.stop()
    this.#over.abort()
    for (const link of this.#links.values()) void link.close()
    this.#links.clear()
    await Promise.all(this.#work)
    try {
      await this.#writer.close()
    } catch (error) {
      // What the fetch ended with matters more; unsaved chunks are fetched again.
      this.#components.logger.debug('partial-blob-unsaved', { error })
    }
  }

  #feed(input: FetcherInput): void {
    if (!this.#over.signal.aborted) this.#driver.feed(input)
  }

  #perform(output: FetcherOutput): void {
    switch (output.type) {
      case 'connect':
        return this.#track(this.#connect(output.holder))
      case 'send':
        return this.#links.get(output.holder)?.send(...encodeBlocksMessage(output.message))
      case 'store':
        return this.#track(this.#store(output))
      case 'finish':
        return this.#track(this.#finish(output.blob))
      case 'search':
        return this.#track(this.#search())
      case 'fault':
        return this.#drop(output.holder, output.code)
      case 'progress':
        return this.#init.onProgress(output)
      case 'done':
        return this.#ended.resolve()
      case 'failed':
        this.#ended.reject(new BlocksError(output.failure))
    }
  }

  /** Work that must be over before the fetch is. A failure of it ends the fetch. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#ended.reject(error))
      .finally(() => this.#work.delete(tracked))
    this.#work.add(tracked)
  }

  async #connect(holder: PeerId): Promise<void> {
    let link: Link
    try {
      link = await this.#components.network.open(holder, BLOCKS_PROTOCOL, {
        frameBytesMax: BLOCKS_FRAME_BYTES_MAX,
        signal: this.#over.signal,
      })
    } catch (error) {
      // A holder that cannot be reached is tried again by the machine.
      this.#components.logger.debug('blob-holder-unreachable', { holder, error })
      return this.#feed({ type: 'link-down', holder })
    }
    if (this.#over.signal.aborted) return link.abort()
    this.#links.set(holder, link)
    link.receive({
      onFrame: (frame) => this.#onFrame(link, frame),
      onEnd: () => {
        if (this.#links.get(holder) !== link) return
        this.#links.delete(holder)
        this.#feed({ type: 'link-down', holder })
      },
    })
    this.#feed({ type: 'link-up', holder })
  }

  #onFrame(link: Link, frame: Uint8Array): void {
    const holder = link.peer
    if (this.#links.get(holder) !== link) return
    const decoded = decodeBlocksMessage(frame)
    if (decoded.type === 'refused') this.#feed({ type: 'garbage', holder })
    else this.#feed({ type: 'message', holder, message: decoded.message })
  }

  #drop(holder: PeerId, code: string): void {
    this.#components.logger.debug('blob-holder-fault', { holder, code })
    const link = this.#links.get(holder)
    this.#links.delete(holder)
    link?.abort()
  }

  async #store(store: Extract<FetcherOutput, { type: 'store' }>): Promise<void> {
    const { piece, holder } = store
    const right = await this.#writer.write(piece.blob.ref, piece.index, store.data)
    this.#feed({ type: right ? 'stored' : 'rejected', piece, holder })
  }

  async #finish(blob: BlobRef['id']): Promise<void> {
    const ref = this.#refs.get(blob)
    if (ref === undefined) return
    const completed = await this.#writer.complete(ref)
    this.#feed({ ...completed, blob })
  }

  async #search(): Promise<void> {
    if (this.#searching) return
    this.#searching = true
    try {
      const holders = await this.#init.holders(this.#over.signal)
      for (const holder of holders) this.#feed({ type: 'holder-found', holder })
    } finally {
      this.#searching = false
    }
  }
}
