/**
 * Finds the first peers: by multicast on the local network, and at addresses that were given.
 *
 * @module
 */

import { mdns } from '@libp2p/mdns'
import type { PeerId, PeerInfo } from '@libp2p/interface'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { Host } from './host.ts'

export interface DiscoveryComponents {
  readonly host: Host
  readonly clock: Clock
  readonly log: Logger
}

export interface DiscoveryInit {
  readonly bootstrap: readonly string[]
  /** Discovered peers are dialled while fewer are connected. */
  readonly peersMax: number
  readonly dialMsMax: number
}

/** Pauses before a discovered peer is dialled, in ms: long enough for a dial that goes on to be seen. */
const FIRST_PAUSE_MS = 50
const SECOND_PAUSE_MS = 1000
/** Dials at a time, of peers that were discovered. */
const DIALS_MAX = 4
/** A peer that was tried is left alone this long, in ms. */
const RETRY_MS = 60_000
/** Peers remembered as tried; beyond, the oldest is forgotten. */
const TRIED_MAX = 1024
/** Pauses between rounds over the bootstrap addresses: doubled from the first to the last, in ms. */
const BOOTSTRAP_PAUSE_MS_MIN = 1000
const BOOTSTRAP_PAUSE_MS_MAX = 60_000

export class Discovery {
  readonly #components: DiscoveryComponents
  readonly #init: DiscoveryInit
  readonly #stopping = new AbortController()
  /** When each peer was last tried, on the monotonic clock, oldest first. */
  readonly #tried = new Map<string, number>()
  #dials = 0
  #bootstrapping: Promise<void> | undefined

  constructor(components: DiscoveryComponents, init: DiscoveryInit) {
    this.#components = components
    this.#init = init
  }

  start(): void {
    this.#components.host.addEventListener('peer:discovery', this.#onDiscovery)
    if (this.#init.bootstrap.length > 0) this.#bootstrapping = this.#bootstrap()
  }

  async stop(): Promise<void> {
    this.#components.host.removeEventListener('peer:discovery', this.#onDiscovery)
    this.#stopping.abort()
    await this.#bootstrapping
  }

  readonly #onDiscovery = (event: CustomEvent<PeerInfo>): void => {
    const { host } = this.#components
    const { id, multiaddrs } = event.detail
    const peer = id.toString()
    const known = id.equals(host.peerId) || host.getConnections(id).length > 0
    const full = this.#dials >= DIALS_MAX || host.getPeers().length >= this.#init.peersMax
    if (known || full || multiaddrs.length === 0 || !this.#mayTry(peer)) return
    this.#dials++
    void this.#dialLater(id, multiaddrs).finally(() => this.#dials--)
  }

  /** Two peers find each other at the same time: the one with the greater id lets the other dial. */
  async #dialLater(id: PeerId, addresses: readonly Multiaddr[]): Promise<void> {
    const { host, clock } = this.#components
    const pauseMs = host.peerId.toString() < id.toString() ? FIRST_PAUSE_MS : SECOND_PAUSE_MS
    await clock.sleep(pauseMs, this.#stopping.signal)
    const dialling = host.getDialQueue().some((dial) => dial.peerId?.equals(id) === true)
    if (this.#stopping.signal.aborted || dialling || host.getConnections(id).length > 0) return
    await this.#dial(addresses.map((address) => withPeer(address.toString(), id)))
  }

  #mayTry(peer: string): boolean {
    const nowMs = this.#components.clock.monotonicMs()
    const triedAtMs = this.#tried.get(peer)
    if (triedAtMs !== undefined && nowMs - triedAtMs < RETRY_MS) return false
    this.#tried.delete(peer)
    this.#tried.set(peer, nowMs)
    const [oldest] = this.#tried.keys()
    if (this.#tried.size > TRIED_MAX && oldest !== undefined) this.#tried.delete(oldest)
    return true
  }

  async #dial(addresses: readonly string[]): Promise<boolean> {
    const signal = AbortSignal.any([
      this.#stopping.signal,
      AbortSignal.timeout(this.#init.dialMsMax),
    ])
    try {
      await this.#components.host.dial(
        addresses.map((address) => multiaddr(address)),
        { signal },
      )
      return true
    } catch (error) {
      this.#components.log.debug('discovery.dial-failed', { addresses, error })
      return false
    }
  }

  /** Goes over the addresses until one answers, and begins again when no peer is left. */
  async #bootstrap(): Promise<void> {
    const { host, clock } = this.#components
    const { signal } = this.#stopping
    let pauseMs = BOOTSTRAP_PAUSE_MS_MIN
    while (!signal.aborted) {
      if (host.getPeers().length === 0) {
        const dials = this.#init.bootstrap.map((address) => this.#dial([address]))
        const reached = (await Promise.all(dials)).some(Boolean)
        pauseMs = reached ? BOOTSTRAP_PAUSE_MS_MIN : Math.min(2 * pauseMs, BOOTSTRAP_PAUSE_MS_MAX)
      }
      await clock.sleep(pauseMs, signal)
    }
  }
}

/** Multicast DNS as a service of libp2p. */
export function multicast(serviceTag: string): ReturnType<typeof mdns> {
  return mdns({ serviceTag })
}

function withPeer(address: string, peer: PeerId): string {
  return address.includes('/p2p/') ? address : `${address}/p2p/${peer.toString()}`
}
