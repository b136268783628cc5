/**
 * Collateral on the disk, by the hash of its content: what vendors said last, there without a network.
 *
 * @module
 */

import {
  type AnchorSet,
  type CollateralFileInit,
  collateralId,
  collateralIn,
  CollateralShelf,
  decodeCollateral,
  encodeCollateral,
  isVendorSigned,
  type ShelfRules,
  type ShelvedItem,
} from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Logger } from '../../core/logger.ts'
import type { AttestationStore } from './attestation-store.ts'
import type { ItemShelf } from './conveyor.ts'

export interface CollateralComponents {
  readonly store: AttestationStore
  readonly clock: Clock
  readonly logger: Logger
}

const PREFIX = 'attestation/collateral/'
/** Items that are read back at the start; more are not kept. */
const ITEMS_MAX = 256

export class CollateralCupboard implements ItemShelf {
  readonly shelf = new CollateralShelf()
  readonly #components: CollateralComponents
  readonly #listeners = new Set<(item: ShelvedItem) => void>()
  #rules: Omit<ShelfRules, 'nowMs'>

  constructor(components: CollateralComponents, anchors: AnchorSet) {
    this.#components = components
    this.#rules = { anchors, graceMs: 0 }
  }

  /** Reads back what was kept, and judges by `rules` from now on. */
  async start(rules: Omit<ShelfRules, 'nowMs'>): Promise<void> {
    this.#rules = rules
    const { store, logger } = this.#components
    for (const { key, value } of await store.entries(PREFIX, ITEMS_MAX)) {
      const id = collateralId(value)
      if (key === PREFIX + id) this.shelf.restore(value)
      if (this.shelf.get(id) !== undefined) continue
      logger.info('collateral dropped: damaged, or replaced', { key })
      await store.del(key)
    }
  }

  /** Calls back with every item that is new here. */
  onAdded(listener: (item: ShelvedItem) => void): void {
    this.#listeners.add(listener)
  }

  /**
   * Keeps what is in a file.
   *
   * @returns what is new here.
   * @throws {AttestationError} at the first item that does not hold; those before it stay.
   */
  async importFile(
    bytes: Uint8Array,
    init: Pick<CollateralFileInit, 'issuerChain' | 'fingerprint'>,
  ): Promise<readonly ShelvedItem[]> {
    const fetchedAtMs = Math.floor(this.#components.clock.wallMs())
    const added: ShelvedItem[] = []
    for (const item of collateralIn(bytes, { ...init, fetchedAtMs })) {
      const one = await this.#put(encodeCollateral(item))
      if (one !== undefined) added.push(one)
    }
    return added
  }

  /** Ids of what a vendor signed, in an order in which each rests on those before it. */
  ids(): readonly string[] {
    const shared = this.shelf.list().filter(({ item }) => isVendorSigned(item))
    // Lists that a pinned root signs come first: all others rest on them.
    const rooted = ({ item }: ShelvedItem): number => (item.issuerChain === '' ? 0 : 1)
    return shared.toSorted((a, b) => rooted(a) - rooted(b)).map(({ id }) => id)
  }

  get(id: string): Uint8Array | undefined {
    return this.ids().includes(id) ? this.shelf.get(id)?.encoded : undefined
  }

  lacks(id: string): boolean {
    return this.shelf.get(id) === undefined
  }

  /**
   * Keeps an item that another device passed on: only what a vendor signed.
   *
   * @throws {AttestationError} when it does not hold, or is older than what is here.
   */
  async take(encoded: Uint8Array): Promise<void> {
    if (isVendorSigned(decodeCollateral(encoded))) await this.#put(encoded)
  }

  async #put(encoded: Uint8Array): Promise<ShelvedItem | undefined> {
    const { store, clock } = this.#components
    const put = this.shelf.put(encoded, { ...this.#rules, nowMs: clock.wallMs() })
    if (put === undefined) return undefined
    const { added, replaced } = put
    await store.put(PREFIX + added.id, encoded)
    if (replaced !== undefined) await store.del(PREFIX + replaced.id)
    for (const listener of this.#listeners) listener(added)
    return added
  }
}
