/**
 * Keeps a device connected to members that it has met: dials those that are gone, ever more slowly.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Random } from '../../core/random.ts'
import type { Contact } from './contact-book.ts'

/** Dials at a time. */
const DIALS_MAX = 4

export interface RedialerComponents {
  readonly clock: Clock
  readonly random: Random
  /** Whom to keep in touch with. */
  readonly contacts: () => readonly Contact[]
  readonly isConnected: (peer: PeerId) => boolean
  readonly connectedCount: () => number
  readonly dial: (contact: Contact, signal: AbortSignal) => Promise<void>
}

export interface RedialerInit {
  /** Bound of the first delay after a failure, in ms; it doubles with each. */
  readonly retryMs: number
  readonly retryMsMax: number
  /** No further dials while this many peers are connected. */
  readonly peersTarget: number
}

interface Attempts {
  readonly failures: number
  readonly nextAtMs: number
}

export class Redialer {
  readonly #components: RedialerComponents
  readonly #init: RedialerInit
  readonly #attempts = new Map<PeerId, Attempts>()
  #waiting = new AbortController()

  constructor(components: RedialerComponents, init: RedialerInit) {
    this.#components = components
    this.#init = init
  }

  /** Something has changed: a contact is new, or a connection is gone. */
  wake(): void {
    this.#waiting.abort()
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#waiting = new AbortController()
      const due = this.#due()
      await Promise.all(due.map((contact) => this.#dial(contact, signal)))
      if (due.length === 0) await this.#sleep(signal)
    }
  }

  #due(): readonly Contact[] {
    const { clock, connectedCount } = this.#components
    const room = this.#init.peersTarget - connectedCount()
    const nowMs = clock.monotonicMs()
    const due = this.#absent().filter(({ peer }) => nowMs >= this.#nextAtMs(peer))
    return due.slice(0, Math.max(0, Math.min(room, DIALS_MAX)))
  }

  #absent(): readonly Contact[] {
    const { contacts, isConnected } = this.#components
    const all = contacts()
    for (const peer of this.#attempts.keys()) {
      if (!all.some((contact) => contact.peer === peer)) this.#attempts.delete(peer)
    }
    return all.filter(({ peer }) => !isConnected(peer))
  }

  #nextAtMs(peer: PeerId): number {
    return this.#attempts.get(peer)?.nextAtMs ?? Number.NEGATIVE_INFINITY
  }

  /** A peer that drops every connection at once is dialled no faster than one that never answers. */
  async #dial(contact: Contact, signal: AbortSignal): Promise<void> {
    const { clock, random, dial } = this.#components
    const { retryMs, retryMsMax } = this.#init
    const failures = this.#attempts.get(contact.peer)?.failures ?? 0
    const boundMs = Math.min(retryMs * 2 ** failures, retryMsMax)
    const delayMs = boundMs * (0.5 + 0.5 * random.fraction())
    try {
      await dial(contact, signal)
      this.#attempts.set(contact.peer, { failures: 0, nextAtMs: clock.monotonicMs() + delayMs })
    } catch {
      // Members sleep and move: that one does not answer is no news.
      const nextAtMs = clock.monotonicMs() + delayMs
      this.#attempts.set(contact.peer, { failures: failures + 1, nextAtMs })
    }
  }

  async #sleep(signal: AbortSignal): Promise<void> {
    const { clock, connectedCount } = this.#components
    const full = connectedCount() >= this.#init.peersTarget
    const absent = full ? [] : this.#absent()
    const nextAtMs = Math.min(...absent.map(({ peer }) => this.#nextAtMs(peer)))
    const untilMs = Math.max(0, Math.min(nextAtMs - clock.monotonicMs(), this.#init.retryMsMax))
    await clock.sleep(untilMs, AbortSignal.any([signal, this.#waiting.signal]))
  }
}
