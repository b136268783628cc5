/**
 * Asks devices how far away they are before the first plan that could use them.
 *
 * Without it, a device that was never used would be taken for one next door, and be preferred to
 * those whose links are known to be slow.
 *
 * @module
 */

import type { Clock } from '../../../core/clock.ts'
import type { PeerId } from '../../../core/ids.ts'
import type { LinkTable } from './link-table.ts'

/** How long a plan waits for answers: later ones count for the next. */
const WAIT_MS = 300

/** How long one is left alone that did not answer. */
const SILENT_MS = 60_000

/** Devices that are asked at a time, and those whose silence is remembered. */
const ASKED_MAX = 32
const SILENT_MAX = 1_024

export interface LinkSurveyComponents {
  readonly clock: Clock
  readonly links: LinkTable
  /** A round trip in ms. Rejects when there is none. */
  ping(peer: PeerId): Promise<number>
}

export class LinkSurvey {
  readonly #components: LinkSurveyComponents
  readonly #asked = new Map<PeerId, Promise<void>>()
  /** When those did not answer, in ms of the monotonic clock. */
  readonly #silent = new Map<PeerId, number>()

  constructor(components: LinkSurveyComponents) {
    this.#components = components
  }

  /** Asks those of `peers` of whose links nothing is known, and waits a little for answers. Never rejects. */
  async survey(peers: readonly PeerId[]): Promise<void> {
    const { clock, links } = this.#components
    const quietMs = clock.monotonicMs() - SILENT_MS
    const asked = peers
      .filter((peer) => !links.knows(peer) && !((this.#silent.get(peer) ?? -Infinity) > quietMs))
      .slice(0, ASKED_MAX)
      .map((peer) => this.#ask(peer))
    if (asked.length === 0) return
    const enough = new AbortController()
    await Promise.race([Promise.all(asked), clock.sleep(WAIT_MS, enough.signal)])
    enough.abort()
  }

  #ask(peer: PeerId): Promise<void> {
    const pending = this.#asked.get(peer)
    if (pending !== undefined) return pending
    const asking = this.#measure(peer).finally(() => this.#asked.delete(peer))
    this.#asked.set(peer, asking)
    return asking
  }

  async #measure(peer: PeerId): Promise<void> {
    const { clock, links } = this.#components
    const ping = () => this.#components.ping(peer)
    try {
      // The quicker of two: one may have waited for something else that a device was busy with.
      const firstMs = await ping()
      links.notePing(peer, Math.min(firstMs, await ping()))
      this.#silent.delete(peer)
    } catch {
      // It is taken for what it was taken for before, and asked again later.
      if (this.#silent.size >= SILENT_MAX) this.#silent.clear()
      this.#silent.set(peer, clock.monotonicMs())
    }
  }
}
