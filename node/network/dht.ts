/**
 * The distributed hash table of the mesh: Kademlia under a protocol id of its own.
 *
 * @module
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import type { Clock } from '../../core/clock.ts'
import { textOf, utf8 } from '../../core/bytes.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import type { Admission } from './admission.ts'
import { boundedStore } from './dht-store.ts'
import type { Network } from './network.ts'
import type { DhtInit } from './network-init.ts'
import { overlay } from './overlay.ts'

/** Protocol id of the mesh's Kademlia: other networks' nodes do not speak it. */
export const DHT_PROTOCOL = '/brume/kad/1.0.0'

const KEY_PREFIX = '/brume/'
/** Multicodec of SHA-256. */
const SHA2_256 = 0x12

export type DhtValidator = Parameters<Network['useValidator']>[0]

type KadFactory = ReturnType<typeof kadDHT>

/** Checks values before they are stored or returned, by the validator that the mesh gave. */
export class DhtRules {
  readonly #valueBytesMax: number
  /** libp2p checks what it reads and what it is to store by one function, and does not say which it is. */
  readonly #reading = new AsyncLocalStorage<true>()
  #validator: DhtValidator | undefined

  constructor(init: { readonly valueBytesMax: number }) {
    this.#valueBytesMax = init.valueBytesMax
  }

  use(validator: DhtValidator): void {
    this.#validator = validator
  }

  /** Without a validator no value is good. */
  check(key: string, value: Uint8Array): boolean {
    if (value.byteLength > this.#valueBytesMax) return false
    const use = this.#reading.getStore() === true ? 'read' : 'store'
    return this.#validator?.check(key, value, use) ?? false
  }

  /** Runs what looks for values, and checks those that it comes upon as values that are read. */
  whileReading<T>(work: () => Promise<T>): Promise<T> {
    return this.#reading.run(true, work)
  }

  best(key: string, values: readonly Uint8Array[]): number {
    return this.#validator?.best(key, values) ?? 0
  }
}

/** Time between two looks at which peers are the closest, whose connections are kept, in ms. */
const TAG_MS = 60_000

/** The DHT as a service of libp2p. */
export function dhtService(init: DhtInit, rules: DhtRules, admission: Admission): KadFactory {
  const create = kadDHT({
    protocol: DHT_PROTOCOL,
    // A server from the start: by default it waits for a public address, which a LAN never has.
    clientMode: false,
    // Keeps private addresses, on which a LAN runs.
    peerInfoMapper: passthroughMapper,
    kBucketSize: init.bucketSize,
    alpha: init.alpha,
    initialQuerySelfInterval: 200,
    // Else a device without peers would wait forever to store what it knows about itself.
    allowQueryWithZeroPeers: true,
    reprovide: {
      validity: init.provideMs,
      threshold: Math.floor(init.provideMs / 3),
      interval: Math.floor(init.provideMs / 30),
    },
    validators: {
      brume: async (key, value) => {
        const text = textOf(key)?.slice(KEY_PREFIX.length)
        if (text === undefined || !rules.check(text, value)) throw new Error('the value is refused')
      },
    },
    selectors: {
      brume: (key, values) => rules.best((textOf(key) ?? '').slice(KEY_PREFIX.length), values),
    },
  })
  return (components) => {
    const store = { recordsMax: init.recordsMax, self: components.peerId.toString() }
    const kad = create(
      overlay(admission.memberView(components), {
        datastore: () => boundedStore(components.datastore, store),
      }),
    )
    taggerOf(kad).refreshInterval = TAG_MS
    return kad
  }
}

/** Time to wait for a first peer in the routing table when members are connected, in ms. */
const FIRST_PEER_MS_MAX = 3000

/** Time after a new neighbour before it, and others like it, are asked whom they know, in ms. */
const LEARN_MS = 300
/** Time for asking around, in ms. */
const LEARN_MS_MAX = 10_000

export interface DhtComponents {
  readonly kad: KadDHT
  readonly rules: DhtRules
  readonly clock: Clock
  /** This device's id, as the DHT hashes it. */
  readonly self: Uint8Array
  membersConnected(): boolean
}

/** What the daemon does with the DHT. */
export class Dht {
  readonly #kad: KadDHT
  readonly #rules: DhtRules
  readonly #components: DhtComponents
  readonly #stopping = new AbortController()
  #learning: Promise<void> | undefined

  constructor(components: DhtComponents) {
    this.#kad = components.kad
    this.#rules = components.rules
    this.#components = components
  }

  start(): void {
    routingTableOf(this.#kad).addEventListener('peer:add', this.#onNeighbour)
  }

  async stop(): Promise<void> {
    routingTableOf(this.#kad).removeEventListener('peer:add', this.#onNeighbour)
    this.#stopping.abort()
    await this.#learning
  }

  async put(key: string, value: Uint8Array, signal: AbortSignal): Promise<number> {
    // Our own validator learns of our newest value first, and then refuses older ones too.
    if (!this.#rules.check(key, value)) return 0
    await this.#ready(signal)
    const takers = new Set<string>()
    for await (const event of this.#kad.put(utf8(KEY_PREFIX + key), value, { signal })) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') {
        takers.add(event.from.toString())
      }
      // An answer with another value in it is followed by this.
      if (event.name === 'QUERY_ERROR') takers.delete(event.from.toString())
    }
    return takers.size
  }

  get(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#rules.whileReading(() => this.#find(key, signal))
  }

  async #find(key: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    await this.#ready(signal)
    const values: Uint8Array[] = []
    // The last VALUE is the best one, after others were corrected, which may fail.
    try {
      for await (const event of this.#kad.get(utf8(KEY_PREFIX + key), { signal })) {
        if (event.name === 'VALUE') return event.value
        if (event.name === 'PEER_RESPONSE' && event.record !== undefined) {
          values.push(event.record.value)
        }
      }
    } catch {
      // A holder refused the correction, or none has the value: what was seen still counts.
      signal.throwIfAborted()
    }
    const good = values.filter((value) => this.#rules.check(key, value))
    return good.length === 0 ? undefined : good[this.#rules.best(key, good)]
  }

  async provide(digest: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#ready(signal)
    for await (const event of this.#kad.provide(cidOf(digest), { signal })) void event
  }

  async unprovide(digest: Uint8Array): Promise<void> {
    await this.#kad.cancelReprovide(cidOf(digest))
  }

  async *providers(digest: Uint8Array, signal: AbortSignal): AsyncGenerator<PeerId> {
    await this.#ready(signal)
    const seen = new Set<PeerId>()
    for await (const event of this.#kad.findProviders(cidOf(digest), { signal })) {
      if (event.name !== 'PROVIDER') continue
      for (const { id } of event.providers) {
        const peer = asPeerId(id.toString())
        if (peer === undefined || seen.has(peer)) continue
        seen.add(peer)
        yield peer
      }
    }
  }

  /** libp2p looks around once, at the start, when nobody may be there yet, and then after minutes. */
  readonly #onNeighbour = (): void => {
    this.#learning ??= this.#learn().finally(() => (this.#learning = undefined))
  }

  async #learn(): Promise<void> {
    await this.#components.clock.sleep(LEARN_MS, this.#stopping.signal)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(LEARN_MS_MAX)])
    try {
      const { self } = this.#components
      for await (const event of this.#kad.getClosestPeers(self, { signal })) void event
    } catch {
      // Nobody answered in time, or we stop: the next neighbour is the next occasion.
    }
  }

  /** Right after a join the routing table is empty for a moment although members are connected. */
  async #ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const table = routingTableOf(this.#kad)
    if (table.size > 0 || !this.#components.membersConnected()) return
    const giveUp = AbortSignal.any([signal, AbortSignal.timeout(FIRST_PEER_MS_MAX)])
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = (): void => resolve()
    table.addEventListener('peer:add', done)
    giveUp.addEventListener('abort', done)
    await promise
    table.removeEventListener('peer:add', done)
    giveUp.removeEventListener('abort', done)
    signal.throwIfAborted()
  }
}

/** Part of the implementation, not of its interface; the e2e test holds it in place. */
function routingTableOf(kad: KadDHT): EventTarget & { readonly size: number } {
  return (kad as unknown as { readonly routingTable: EventTarget & { readonly size: number } })
    .routingTable
}

/** The same. It tags the closest peers anew at every interval, whether or not any has changed. */
function taggerOf(kad: KadDHT): { refreshInterval: number } {
  const { closestPeerTagger } = (
    kad as unknown as { readonly routingTable: { closestPeerTagger: { refreshInterval: number } } }
  ).routingTable
  return closestPeerTagger
}

function cidOf(digest: Uint8Array): CID {
  return CID.createV1(raw.code, createDigest(SHA2_256, digest))
}
