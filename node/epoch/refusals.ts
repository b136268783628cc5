/**
 * What others sent that no honest device sends: counted by code, told once an epoch, and no longer read from whoever
 * goes on with it.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { type Sender, senderOf } from './senders.ts'

/** Refused messages of one sender in one epoch, after which nothing of it is read until the next. */
export const REFUSED_MAX = 64

export interface RefusalsComponents {
  readonly logger: Logger
  readonly isMember: (peer: PeerId) => boolean
}

export class Refusals {
  readonly #components: RefusalsComponents
  /** By code, since the last epoch. */
  readonly #bySender = new Map<Sender, Map<string, number>>()
  /** By code, since this device started. */
  readonly #counts = new Map<string, number>()

  constructor(components: RefusalsComponents) {
    this.#components = components
  }

  /** How many messages were refused, by code, since this device started. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** Notes that a message is not what it says it is, and who signed for sending it. */
  note(from: PeerId, code: string): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1)
    const sender = senderOf(from, this.#components.isMember)
    const byCode = this.#bySender.get(sender) ?? new Map<string, number>()
    this.#bySender.set(sender, byCode)
    const before = byCode.get(code) ?? 0
    byCode.set(code, before + 1)
    if (before === 0) this.#components.logger.info('message refused', { from: sender, code })
    if (sum(byCode) === REFUSED_MAX) {
      this.#components.logger.warn('not read until the next epoch', { from: sender, code })
    }
  }

  /** True for who was refused so often in this epoch that nothing of it is read. */
  isSilenced(from: PeerId): boolean {
    if (this.#bySender.size === 0) return false
    const byCode = this.#bySender.get(senderOf(from, this.#components.isMember))
    return byCode !== undefined && sum(byCode) >= REFUSED_MAX
  }

  /** An epoch is over: everybody is heard again. */
  forgive(): void {
    this.#bySender.clear()
  }
}

function sum(byCode: ReadonlyMap<string, number>): number {
  return [...byCode.values()].reduce((total, count) => total + count, 0)
}
