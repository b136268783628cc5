/**
 * Bounds how many peers that are no members stay connected, and for how long.
 *
 * A stranger may connect, for it may be about to join. Without a bound, strangers
 * could hold every connection that the device accepts.
 *
 * @module
 */

import type { Connection } from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import type { Admission } from './admission.ts'
import type { Host } from './host.ts'
import type { NetworkLimits } from './network-init.ts'

export interface StrangersComponents {
  readonly host: Host
  readonly clock: Clock
  readonly admission: Admission
  /** Ids of the protocols that strangers may speak. */
  openTo(): readonly string[]
}

/** Rounds over all connections in the time that a stranger may stay. */
const ROUNDS = 4

/** What a stranger that is in the middle of an exchange may stay, in the time of the others. */
const JOINING_FACTOR = 2

export class Strangers {
  readonly #components: StrangersComponents
  readonly #limits: NetworkLimits
  readonly #stopping = new AbortController()
  #running: Promise<void> | undefined
  #closed = 0

  constructor(components: StrangersComponents, limits: NetworkLimits) {
    this.#components = components
    this.#limits = limits
  }

  /** Connections that were closed so far. */
  get closed(): number {
    return this.#closed
  }

  start(): void {
    this.#components.host.addEventListener('connection:open', this.#onOpen)
    this.#running = this.#watch()
  }

  async stop(): Promise<void> {
    this.#components.host.removeEventListener('connection:open', this.#onOpen)
    this.#stopping.abort()
    await this.#running
  }

  readonly #onOpen = (event: CustomEvent<Connection>): void => {
    const connection = event.detail
    if (connection.direction === 'outbound' || this.#isMember(connection)) return
    // The oldest goes: who wants to become a member does so at once, and must not find all places
    // taken by those who only wait.
    const inbound = this.#strangers()
      .filter(({ direction }) => direction === 'inbound')
      .toSorted((a, b) => a.timeline.open - b.timeline.open)
    const [oldest] = inbound
    if (inbound.length > this.#limits.strangersMax && oldest !== undefined) this.#close(oldest)
  }

  async #watch(): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await clock.sleep(this.#limits.strangerMsMax / ROUNDS, signal)
      for (const connection of signal.aborted ? [] : this.#strangers()) {
        const ageMs = clock.wallMs() - connection.timeline.open
        // One exchange after another is not joining: it takes one that ends well.
        const share = this.#joins(connection) ? JOINING_FACTOR : 1
        if (ageMs > share * this.#limits.strangerMsMax) this.#close(connection)
      }
    }
  }

  #strangers(): Connection[] {
    return this.#components.host.getConnections().filter((c) => !this.#isMember(c))
  }

  #isMember(connection: Connection): boolean {
    // A gate that is still thinking counts as a no: its answer comes long before the time is up.
    return this.#components.admission.isMember(connection.remotePeer) === true
  }

  /** True while the stranger speaks a protocol that is open to it. */
  #joins(connection: Connection): boolean {
    const open = this.#components.openTo()
    return connection.streams.some(({ protocol }) => open.includes(protocol))
  }

  #close(connection: Connection): void {
    this.#closed++
    connection.abort(new Error('the peer is no member'))
  }
}
