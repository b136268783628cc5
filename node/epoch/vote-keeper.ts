/**
 * Whether this device may vote: by the votes on its disk, and by what it remembers of having had a seat.
 *
 * The votes lie with the epochs; that there were any lies with the membership. A disk that lost the one
 * and not the other is noticed.
 *
 * @module
 */

import { textOf, utf8 } from '../../core/bytes.ts'
import { decodeVoteRecord, type Standpoint, standpointOf } from '../../protocols/epoch/index.ts'
import type { EpochStore } from './epoch-store.ts'

/** Small values that survive a restart; keys begin with `trust/`. */
export interface SeatMemory {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array, options: { readonly sync: boolean }): Promise<void>
}

export interface VoteKeeperInit {
  readonly mesh: string
  readonly network: Uint8Array
  readonly store: EpochStore
  readonly memory: SeatMemory
}

export class VoteKeeper {
  readonly #init: VoteKeeperInit
  #abstainsUntil: number | undefined
  /** The last epoch that it had a seat in, in this life. */
  #seated: number | undefined
  /** This life began to vote without the votes of an earlier one: until there are any, it has not voted. */
  #isFresh = false

  constructor(init: VoteKeeperInit) {
    this.#init = init
  }

  /** What this device may do in `epoch`. */
  async standpoint(epoch: number): Promise<Standpoint> {
    const { store, network } = this.#init
    const abstainsUntil = await this.#until()
    const record = await store.votes()
    // Whoever has waited long enough begins anew, with whatever can be read.
    // Epochs with a seat may also be decided before this device has voted in them.
    const waited = this.#isFresh || (abstainsUntil > 0 && epoch >= abstainsUntil)
    const unreadable = record !== undefined && decodeVoteRecord(record) === undefined
    const standpoint = standpointOf(epoch, network, {
      seatedIn: waited ? undefined : await this.#number('seated'),
      record: waited && unreadable ? undefined : record,
      abstainsUntil,
    })
    if (standpoint.type === 'abstains') await this.#abstain(standpoint.until)
    return standpoint
  }

  /** Before the first vote in an epoch: from now on there must be a record. */
  async seated(epoch: number): Promise<void> {
    if (this.#seated === epoch) return
    if (this.#seated === undefined) {
      const record = await this.#init.store.votes()
      this.#isFresh = record === undefined || decodeVoteRecord(record) === undefined
    }
    await this.#init.memory.put(this.#key('seated'), utf8(String(epoch)), { sync: true })
    await this.#abstain(0)
    this.#seated = epoch
  }

  async #until(): Promise<number> {
    if (this.#abstainsUntil !== undefined) return this.#abstainsUntil
    this.#abstainsUntil = (await this.#number('abstains')) ?? 0
    return this.#abstainsUntil
  }

  async #abstain(until: number): Promise<void> {
    if (until === this.#abstainsUntil) return
    this.#abstainsUntil = until
    await this.#init.memory.put(this.#key('abstains'), utf8(String(until)), { sync: true })
  }

  async #number(name: string): Promise<number | undefined> {
    const kept = await this.#init.memory.get(this.#key(name))
    return kept && (Number(textOf(kept)) || 0)
  }

  #key(name: string): string {
    return `trust/${name}/${this.#init.mesh}`
  }
}
