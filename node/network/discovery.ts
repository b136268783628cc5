/**
 * Finds peers: by multicast on the local network, at addresses that were given, and by what
 * other peers tell. Keeps dialling while fewer are connected than wanted.
 *
 * @module
 */

import type { PeerId } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { Host } from './host.ts'

export interface DiscoveryComponents {
  readonly host: Host
  readonly clock: Clock
  readonly log: Logger
  /** True for a connected peer that is known to be a member. */
  isMember(peer: PeerId): boolean
}

export interface DiscoveryInit {
  /** Multiaddrs with peer ids that are dialled while no peer is connected. */
  readonly bootstrap: readonly string[]
  /** Peers that are known are dialled while fewer are connected. */
  readonly peersMax: number
  readonly dialMsMax: number
}

/** Pause between two rounds of dials, in ms. */
const ROUND_MS = 500
/** Pause between two looks at everyone in the peer store, in ms: while somebody is missing, and while nobody is. */
const REVIEW_MS = 10_000
const CALM_REVIEW_MS = 60_000
/** Dials in one round. */
const DIALS_MAX = 4
/** A peer that was tried is left alone this long, doubled with each attempt until it proves a member, in ms. */
const RETRY_MS_MIN = 60_000
const RETRY_MS_MAX = 3_600_000
/**
 * Two peers hear of each other at the same time: the one with the greater id lets the
 * other one dial, and dials itself only after this time, in ms.
 */
const YIELD_MS = 1500
/** Peers remembered as candidates and as tried, each. */
const PEERS_MAX = 1024
/** Pauses between rounds over the bootstrap addresses, doubled from the first to the last, in ms. */
const BOOTSTRAP_MS_MIN = 2000
const BOOTSTRAP_MS_MAX = 60_000
/** Pause between two looks at whether any peer is left, in ms. */
const LOOK_MS = 5000

export class Discovery {
  readonly #components: DiscoveryComponents
  readonly #init: DiscoveryInit
  readonly #stopping = new AbortController()
  /** Peers to dial, and from when on the monotonic clock. */
  readonly #candidates = new Map<string, number>()
  /** Peers that were tried, oldest first: until when they are left alone, and how long that is. */
  readonly #tried = new Map<string, { readonly untilMs: number; readonly pauseMs: number }>()
  #bootstrapAtMs = 0
  #bootstrapPauseMs = BOOTSTRAP_MS_MIN
  #reviewAtMs = 0
  #wake = new AbortController()
  #running: Promise<void> | undefined

  constructor(components: DiscoveryComponents, init: DiscoveryInit) {
    this.#components = components
    this.#init = init
  }

  start(): void {
    const { host } = this.#components
    host.addEventListener('peer:discovery', this.#onDiscovery)
    host.addEventListener('peer:disconnect', this.#onDisconnect)
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    const { host } = this.#components
    host.removeEventListener('peer:discovery', this.#onDiscovery)
    host.removeEventListener('peer:disconnect', this.#onDisconnect)
    this.#stopping.abort()
    await this.#running
  }

  readonly #onDiscovery = (event: CustomEvent<{ readonly id: PeerId }>): void =>
    this.#consider(event.detail.id.toString())

  /** A member that was lost is worth an attempt soon, and others may know it better then. */
  readonly #onDisconnect = ({ detail }: CustomEvent<PeerId>): void => {
    if (this.#components.isMember(detail)) this.#tried.delete(detail.toString())
    const soonMs = this.#components.clock.monotonicMs() + REVIEW_MS
    if (soonMs >= this.#reviewAtMs) return
    this.#reviewAtMs = soonMs
    this.#wake.abort()
  }

  async #run(): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#stopping
    this.#reviewAtMs = clock.monotonicMs() + REVIEW_MS
    while (!signal.aborted) {
      if (clock.monotonicMs() >= this.#reviewAtMs) await this.#review()
      await this.#bootstrap()
      await this.#dialCandidates()
      await clock.sleep(ROUND_MS, signal)
      await this.#rest()
    }
  }

  /** While nobody is to be dialled there is nothing to do until the next look, or a peer that is found. */
  async #rest(): Promise<void> {
    const { clock } = this.#components
    if (this.#candidates.size > 0 || this.#stopping.signal.aborted) return
    this.#wake = new AbortController()
    const { length: addresses } = this.#init.bootstrap
    const bootstrapAtMs = addresses === 0 ? Number.POSITIVE_INFINITY : this.#bootstrapAtMs
    const waitMs = Math.min(this.#reviewAtMs, bootstrapAtMs) - clock.monotonicMs()
    await clock.sleep(
      Math.max(0, waitMs),
      AbortSignal.any([this.#stopping.signal, this.#wake.signal]),
    )
  }

  /** Takes up again who is known but no longer connected, or was passed over. */
  async #review(): Promise<void> {
    const { host, clock } = this.#components
    this.#reviewAtMs = clock.monotonicMs() + REVIEW_MS
    const connected = host.getPeers()
    for (const peer of connected) {
      // Were it lost, it is worth an attempt at once; a stranger, of another mesh, is not.
      if (this.#components.isMember(peer)) this.#tried.delete(peer.toString())
    }
    if (connected.length >= this.#init.peersMax) return
    const near = new Set([host.peerId, ...connected].map(String))
    const known = await host.peerStore.all({ limit: PEERS_MAX })
    const missing = known
      .filter(({ addresses }) => addresses.length > 0)
      .map(({ id }) => id.toString())
      .filter((peer) => !near.has(peer))
    for (const peer of missing) this.#consider(peer)
    if (missing.length === 0) this.#reviewAtMs = clock.monotonicMs() + CALM_REVIEW_MS
  }

  #consider(peer: string): void {
    const self = this.#components.host.peerId.toString()
    if (peer === self || this.#candidates.has(peer)) return
    const nowMs = this.#components.clock.monotonicMs()
    if (nowMs < (this.#tried.get(peer)?.untilMs ?? 0)) return
    if (this.#candidates.size >= PEERS_MAX) return
    this.#candidates.set(peer, self < peer ? nowMs : nowMs + YIELD_MS)
    this.#wake.abort()
  }

  async #dialCandidates(): Promise<void> {
    // Most rounds end here: asking libp2p for its connections costs more than one would think.
    if (this.#candidates.size === 0) return
    const { host, clock } = this.#components
    const wanted = Math.max(0, this.#init.peersMax - host.getPeers().length)
    const nowMs = clock.monotonicMs()
    const due = [...this.#candidates].filter(([, atMs]) => atMs <= nowMs).map(([peer]) => peer)
    const chosen = due.filter((peer) => this.#isWanted(peer)).slice(0, Math.min(DIALS_MAX, wanted))
    await Promise.all(chosen.map((peer) => this.#dialPeer(peer, nowMs)))
  }

  /** False, and the peer is a candidate no longer, when it is connected or being dialled. */
  #isWanted(peer: string): boolean {
    const { host } = this.#components
    const connected = host.getConnections().some(({ remotePeer }) => remotePeer.toString() === peer)
    const dialled = host.getDialQueue().some(({ peerId }) => peerId?.toString() === peer)
    if (connected || dialled) this.#candidates.delete(peer)
    return !connected && !dialled
  }

  async #dialPeer(peer: string, nowMs: number): Promise<void> {
    this.#candidates.delete(peer)
    const pauseMs = Math.min(2 * (this.#tried.get(peer)?.pauseMs ?? RETRY_MS_MIN / 2), RETRY_MS_MAX)
    this.#tried.delete(peer)
    this.#tried.set(peer, { untilMs: nowMs + pauseMs, pauseMs })
    const [oldest] = this.#tried.keys()
    if (this.#tried.size > PEERS_MAX && oldest !== undefined) this.#tried.delete(oldest)
    await this.#dial(peerIdFromString(peer))
  }

  /** Dials the given addresses when no peer is left, at first often, then less. */
  async #bootstrap(): Promise<void> {
    const { host, clock } = this.#components
    const nowMs = clock.monotonicMs()
    if (this.#init.bootstrap.length === 0 || nowMs < this.#bootstrapAtMs) return
    this.#bootstrapAtMs = nowMs + LOOK_MS
    if (host.getPeers().length > 0) return
    const dials = this.#init.bootstrap.map((address) => this.#dial(multiaddr(address)))
    const reached = (await Promise.all(dials)).some(Boolean)
    this.#bootstrapPauseMs = reached
      ? BOOTSTRAP_MS_MIN
      : Math.min(2 * this.#bootstrapPauseMs, BOOTSTRAP_MS_MAX)
    this.#bootstrapAtMs = clock.monotonicMs() + this.#bootstrapPauseMs
  }

  async #dial(target: Parameters<Host['dial']>[0]): Promise<boolean> {
    const timeout = AbortSignal.timeout(this.#init.dialMsMax)
    const signal = AbortSignal.any([this.#stopping.signal, timeout])
    try {
      await this.#components.host.dial(target, { signal })
      return true
    } catch (error) {
      this.#components.log.debug('discovery.dial-failed', { target: String(target), error })
      return false
    }
  }
}

/** Multicast DNS as a service of libp2p. */
export function multicast(serviceTag: string): ReturnType<typeof mdns> {
  return mdns({ serviceTag })
}
