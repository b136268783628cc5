/**
 * Memory that peers' tensors and texts may take here, shared out among them.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'

export interface ByteBudgetInit {
  /** Bytes of all peers together. */
  readonly bytesMax: number
  /** Bytes of one peer, unless it has one thing only. */
  readonly bytesPerPeerMax: number
  /** This device itself, which only `bytesMax` binds. */
  readonly self?: PeerId
  /** Bytes that nobody but `self` may have. */
  readonly selfBytesMin?: number
}

/** Why something gets no room: its peer has enough, or all together do. */
export type BudgetRefusal = 'peer' | 'all'

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

  /** Bytes that `peer` has now. */
  of(peer: PeerId): number {
    return this.#taken.get(peer) ?? 0
  }

  /** Bytes that are left for peers other than `self`. */
  get leftForOthers(): number {
    const { bytesMax, self, selfBytesMin = 0 } = this.#init
    const own = self === undefined ? 0 : this.of(self)
    return Math.max(0, bytesMax - this.#total - Math.max(0, selfBytesMin - own))
  }

  /** Bytes that `peer` may ever have. */
  most(peer: PeerId): number {
    const { bytesMax, self, selfBytesMin = 0 } = this.#init
    return peer === self ? bytesMax : bytesMax - selfBytesMin
  }

  /**
   * Why `peer` may not have `bytes` more; undefined when it may.
   *
   * @param before - Bytes that the same thing has already: what is the only one of its peer may have
   * all that peers together may.
   */
  refusal(peer: PeerId, bytes: number, before = 0): BudgetRefusal | undefined {
    const { bytesMax, bytesPerPeerMax, self } = this.#init
    if (this.#total + bytes > bytesMax) return 'all'
    if (peer === self) return undefined
    const others = this.#total - (self === undefined ? 0 : this.of(self))
    if (others + bytes > this.most(peer)) return 'all'
    const held = this.of(peer)
    return held > before && held + bytes > bytesPerPeerMax ? 'peer' : undefined
  }

  /** Takes `bytes` for `peer`; false, and nothing is taken, when that is too much. */
  take(peer: PeerId, bytes: number, before = 0): boolean {
    if (this.refusal(peer, bytes, before) !== undefined) return false
    this.#set(peer, this.of(peer) + bytes)
    return true
  }

  /** Gives back what was taken. */
  give(peer: PeerId, bytes: number): void {
    this.#set(peer, this.of(peer) - bytes)
  }

  #set(peer: PeerId, bytes: number): void {
    this.#total += bytes - this.of(peer)
    if (bytes > 0) this.#taken.set(peer, bytes)
    else this.#taken.delete(peer)
  }
}
