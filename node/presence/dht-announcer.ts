/**
 * Keeps what the DHT says of this device up to date, one operation at a time.
 *
 * Operations cost tens of messages each; only the last wish for each key counts.
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { classDigest, shardCount, shardOf } from '../../protocols/presence/index.ts'
import type { Network } from '../network/network.ts'

/** Longest operation, in ms. */
const OPERATION_MS_MAX = 20_000

export interface DhtAnnouncerComponents {
  readonly network: Network
  readonly crypto: Crypto
  readonly self: PeerId
  readonly logger: Logger
}

type Operation = (signal: AbortSignal) => Promise<unknown>

export class DhtAnnouncer {
  readonly #components: DhtAnnouncerComponents
  readonly #stopping = new AbortController()
  /** At most one for each class that this device is or was in, and one for its record. */
  readonly #waiting = new Map<string, Operation>()
  readonly #digests = new Map<string, Uint8Array>()
  #running: Promise<void> = Promise.resolve()
  #busy = false
  #started = false

  constructor(components: DhtAnnouncerComponents) {
    this.#components = components
  }

  start(): void {
    this.#started = true
    this.#work()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#waiting.clear()
    await this.#running
  }

  /**
   * Puts our record under our own id. It is sealed when its turn comes: one that waited here would be
   * older than what was gossiped since, and nobody would take it.
   */
  store(seal: () => Uint8Array | undefined): void {
    const { network, self } = this.#components
    this.#enqueue('record', async (signal) => {
      const encoded = seal()
      if (encoded !== undefined) await network.dhtPut(self, encoded, signal)
    })
  }

  /** Says that we are in a class, in its shard for a mesh of `devices`. */
  provide(capabilityClass: string, devices: number): void {
    const { network, crypto, self } = this.#components
    const shard = shardOf(self, shardCount(devices), crypto.sha256)
    const digest = classDigest(capabilityClass, shard, crypto.sha256)
    this.#digests.set(capabilityClass, digest)
    this.#enqueue(capabilityClass, (signal) => network.dhtProvide(digest, signal))
  }

  unprovide(capabilityClass: string): void {
    const digest = this.#digests.get(capabilityClass)
    this.#digests.delete(capabilityClass)
    if (digest === undefined) return
    this.#enqueue(capabilityClass, () => this.#components.network.dhtUnprovide(digest))
  }

  #enqueue(key: string, operation: Operation): void {
    this.#waiting.delete(key)
    this.#waiting.set(key, operation)
    this.#work()
  }

  #work(): void {
    if (!this.#started || this.#busy || this.#stopping.signal.aborted) return
    this.#busy = true
    this.#running = this.#workOff().finally(() => {
      this.#busy = false
    })
  }

  async #workOff(): Promise<void> {
    const { signal } = this.#stopping
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(OPERATION_MS_MAX)])
      try {
        await next(limit)
      } catch (error) {
        // The next heartbeat of the DHT tries again; gossip has told those that are near.
        this.#components.logger.debug('announcement failed', { error })
      }
    }
  }

  #take(): Operation | undefined {
    const [first] = this.#waiting
    if (first === undefined || this.#stopping.signal.aborted) return undefined
    this.#waiting.delete(first[0])
    return first[1]
  }
}
