/**
 * Messages of an epoch that has not begun here yet, until it does.
 *
 * Clocks differ, so the first votes come before their time. Each seat has a share of its own, and all others one
 * together; what a seat says last counts, because it says again whatever others may have missed.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Committee, EpochMessage } from '../../protocols/epoch/index.ts'

export interface EarlyMessage {
  readonly from: PeerId
  readonly message: EpochMessage
  /** Bytes that it came in. */
  readonly bytes: number
}

/** Messages of one share, and bytes of them. */
const SHARE_MESSAGES_MAX = 16
const SHARE_BYTES_MAX = 65_536

export class EarlyMessages {
  readonly #shares = new Map<PeerId | 'others', EarlyMessage[]>()

  /** Keeps a message, in the place of the oldest ones of the same share. */
  keep(early: EarlyMessage, committee: Committee): void {
    const name = committee.includes(early.from) ? early.from : 'others'
    const share = this.#shares.get(name) ?? []
    this.#shares.set(name, share)
    share.push(early)
    let bytes = share.reduce((sum, one) => sum + one.bytes, 0)
    while (share.length > SHARE_MESSAGES_MAX || bytes > SHARE_BYTES_MAX) {
      bytes -= share.shift()?.bytes ?? bytes
    }
  }

  /** Gives out all of them. */
  take(): readonly EarlyMessage[] {
    const all = [...this.#shares.values()].flat()
    this.clear()
    return all
  }

  clear(): void {
    this.#shares.clear()
  }
}
