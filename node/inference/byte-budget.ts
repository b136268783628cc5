/**
 * Memory that other devices' tensors may take here, shared out among them.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'

export interface ByteBudgetInit {
  /** Bytes of all peers together. */
  readonly bytesMax: number
  /** Bytes of one peer. */
  readonly bytesPerPeerMax: number
}

export class ByteBudget {
  readonly #init: ByteBudgetInit
  readonly #taken = new Map<PeerId, number>()
  #total = 0

  constructor(init: ByteBudgetInit) {
    this.#init = init
  }

  /** Bytes that are taken now. */
  get bytes(): number {
    return this.#total
  }

  /** Takes `bytes` for `peer`; false, and nothing is taken, when that is too much. What is first always fits. */
  take(peer: PeerId, bytes: number): boolean {
    const held = this.#taken.get(peer) ?? 0
    const { bytesMax, bytesPerPeerMax } = this.#init
    if (held > 0 && held + bytes > bytesPerPeerMax) return false
    if (this.#total > 0 && this.#total + bytes > bytesMax) return false
    this.#set(peer, held + bytes)
    return true
  }

  /** Gives back what was taken. */
  give(peer: PeerId, bytes: number): void {
    this.#set(peer, (this.#taken.get(peer) ?? 0) - bytes)
  }

  #set(peer: PeerId, bytes: number): void {
    this.#total += bytes - (this.#taken.get(peer) ?? 0)
    if (bytes > 0) this.#taken.set(peer, bytes)
    else this.#taken.delete(peer)
  }
}
