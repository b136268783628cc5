/**
 * Words of devices that leave, and that no epoch holds yet.
 *
 * One of each device that has spoken: nobody can fill the memory of others with the words of devices that it made up.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeEvidenceItem,
  type EvidenceItem,
  type Farewell,
} from '../../protocols/epoch/index.ts'
import type { Departures } from './departures.ts'
import { isFarewell } from './evidence-kinds.ts'

/** A word that waits. */
export interface PooledFarewell {
  readonly item: EvidenceItem
  readonly word: Farewell
  /** As it is gossiped, and the hash of that. */
  readonly encoded: Uint8Array
  readonly id: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
}

export interface FarewellsRules {
  readonly sha256: Sha256
  /** Those that epochs hold, as of the last one. */
  readonly departures: () => Departures
  /** The epoch that is decided on. */
  readonly deciding: () => number
  /** The latest epoch of which anybody may have spoken by now. */
  readonly latestEpoch: () => number
  /** Puts the word of a device on the disk, in the place of an earlier one. */
  readonly keep: (device: PeerId, encoded: Uint8Array) => void
  readonly nowMs: () => number
}

export class Farewells {
  readonly #rules: FarewellsRules
  readonly #byDevice = new Map<PeerId, PooledFarewell>()

  constructor(rules: FarewellsRules) {
    this.#rules = rules
  }

  /** Reads what was kept, of which much may be in by now. */
  restore(encoded: readonly Uint8Array[]): void {
    for (const one of encoded) this.#take(one, false)
  }

  /** Takes what others tell; undefined when it is about something else. */
  take(encoded: Uint8Array): 'new' | 'known' | 'invalid' | undefined {
    return this.#take(encoded, true)
  }

  /** Everything that waits. */
  all(): readonly PooledFarewell[] {
    return [...this.#byDevice.values()]
  }

  /** True for a word that waits here, or that the epochs hold, or a later one of the same device. */
  isKnown(encoded: Uint8Array): boolean {
    const item = decodeEvidenceItem(encoded)
    const departures = this.#rules.departures()
    const word = item.type === 'value' ? departures.read(item.value) : undefined
    if (word === undefined) return false
    const pooled = this.#byDevice.get(word.device)?.word.epoch ?? -1
    return Math.max(pooled, departures.leftIn(word.device)) >= word.epoch
  }

  get(id: Uint8Array): PooledFarewell | undefined {
    return this.all().find((one) => bytesEqual(one.id, id))
  }

  /** Those that may be in the next epoch. */
  pending(): readonly PooledFarewell[] {
    const { departures, deciding } = this.#rules
    const epoch = deciding()
    return this.all().filter(({ word }) => word.epoch <= epoch && departures().isNews(word))
  }

  /** Gives up what is in, or over. */
  sweep(): void {
    for (const [device, { word }] of this.#byDevice) {
      if (!this.#rules.departures().isNews(word)) this.#byDevice.delete(device)
    }
  }

  #take(encoded: Uint8Array, isNew: boolean): 'new' | 'known' | 'invalid' | undefined {
    const item = decodeEvidenceItem(encoded)
    if (item.type === 'refused' || !isFarewell(item.value)) return undefined
    const { departures, latestEpoch, keep, nowMs, sha256 } = this.#rules
    const word = departures().read(item.value)
    if (word === undefined) return 'invalid'
    const known = this.#byDevice.get(word.device)
    const isLater = known === undefined || word.epoch > known.word.epoch
    // Who has not spoken here may have done so where more epochs are known.
    // A device that belongs to another names an epoch more: its owner may still tell of it.
    const isEarly = word.epoch > latestEpoch() + 1
    if (!isLater || isEarly || !departures().isNews(word)) return 'known'
    const copy = Uint8Array.from(encoded)
    const sinceMs = nowMs()
    const id = sha256(copy)
    this.#byDevice.set(word.device, { item: item.value, word, encoded: copy, id, sinceMs })
    if (isNew) keep(word.device, copy)
    return 'new'
  }
}
