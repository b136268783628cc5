/**
 * Devices that have left the mesh by their own word, as epochs hold it.
 *
 * Whoever speaks of a later epoch than its word names is there again, and the word counts no more. It follows from
 * the cuts alone.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { type EvidenceItem, type Farewell, openFarewell } from '../../protocols/epoch/index.ts'
import { isFarewell } from './evidence-kinds.ts'
import type { PackedDepartures } from './fold-snapshot.ts'

export interface DeparturesRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** The latest epoch that a device made a statement of which is in; -1 for none. */
  readonly latestOf: (device: PeerId) => number
}

export class Departures {
  readonly #rules: DeparturesRules
  /** By device: the epoch that its last word names. */
  readonly #left: Map<PeerId, number>

  constructor(rules: DeparturesRules, left: PackedDepartures = []) {
    this.#rules = rules
    this.#left = new Map(left.map(({ device, epoch }) => [device, epoch]))
  }

  /** The same, to try words on. */
  copy(): Departures {
    return new Departures(this.#rules, this.pack())
  }

  /** All of it, to be kept. */
  pack(): PackedDepartures {
    return [...this.#left].map(([device, epoch]) => ({ device, epoch }))
  }

  /** True for a device that has left, and has not spoken since. */
  hasLeft(device: PeerId): boolean {
    const epoch = this.#left.get(device)
    return epoch !== undefined && epoch >= this.#rules.latestOf(device)
  }

  /** The word in an item, when it is one of this mesh, signed by who leaves. */
  read(item: EvidenceItem): Farewell | undefined {
    if (!isFarewell(item)) return undefined
    const { crypto, network } = this.#rules
    const opened = openFarewell(crypto.verify, item.proof)
    const isOurs = opened.type === 'value' && bytesEqual(opened.value.network, network)
    return isOurs ? opened.value : undefined
  }

  /** The epoch that the last word of a device names which is in; -1 for none. */
  leftIn(device: PeerId): number {
    return this.#left.get(device) ?? -1
  }

  /**
   * True for a word that says something new: of a device that has spoken, and does not say more later. One that has
   * left may have spoken since, in a statement that is not in yet: its later word is not the same again.
   */
  isNews({ device, epoch }: Farewell): boolean {
    const latest = this.#rules.latestOf(device)
    return latest >= 0 && epoch >= latest && epoch > this.leftIn(device)
  }

  /** Takes those of `items` that count in the cut of `epoch`; returns them. */
  takeAll(items: readonly EvidenceItem[], epoch: number): readonly EvidenceItem[] {
    return items.filter((item) => {
      const word = this.read(item)
      if (word === undefined || word.epoch > epoch || !this.isNews(word)) return false
      this.#left.set(word.device, word.epoch)
      return true
    })
  }
}
