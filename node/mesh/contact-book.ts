/**
 * Where members were met, so that a device finds its mesh again after a restart.
 *
 * @module
 */

import {
  decodeShape,
  encodeShape,
  list,
  record,
  type ShapeOf,
  text,
  uint,
} from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { MeshStore } from './mesh-view.ts'

/** Members whose addresses are kept; the ones not met for longest give way. */
export const CONTACTS_MAX = 64

const ADDRESSES_MAX = 4
const ADDRESS_CHARACTERS_MAX = 128
const PREFIX = 'mesh/contacts/'

const contactShape = record({
  peer: peerId(),
  /** Multiaddrs without the peer id, the latest first. */
  addresses: list(text(ADDRESS_CHARACTERS_MAX), ADDRESSES_MAX),
  /** Wall time when it was last met, in ms since the epoch. */
  metMs: uint(),
})

export type Contact = ShapeOf<typeof contactShape>

export class ContactBook {
  readonly #store: MeshStore
  readonly #contacts = new Map<PeerId, Contact>()

  constructor(store: MeshStore) {
    this.#store = store
  }

  async load(): Promise<void> {
    for (const { value } of await this.#store.entries(PREFIX, CONTACTS_MAX)) {
      const decoded = decodeShape(contactShape, value)
      if (decoded.type === 'value') this.#contacts.set(decoded.value.peer, decoded.value)
    }
  }

  list(): readonly Contact[] {
    return [...this.#contacts.values()]
  }

  /**
   * Remembers that `peer` was met at `addresses`; writes only when that is news.
   *
   * @returns whether it was.
   */
  async meet(peer: PeerId, addresses: readonly string[], wallMs: number): Promise<boolean> {
    const fresh = addresses
      .map(withoutPeer)
      .filter(({ length }) => length <= ADDRESS_CHARACTERS_MAX)
    const known = this.#contacts.get(peer)?.addresses ?? []
    const merged = [...new Set([...fresh, ...known])].slice(0, ADDRESSES_MAX)
    if (merged.length === 0) return false
    const same = merged.length === known.length && merged.every((at) => known.includes(at))
    const contact = { peer, addresses: merged, metMs: wallMs }
    this.#contacts.set(peer, contact)
    if (same) return false
    await this.#store.put(PREFIX + peer, encodeShape(contactShape, contact))
    await this.#makeRoom()
    return true
  }

  async forget(peer: PeerId): Promise<void> {
    if (this.#contacts.delete(peer)) await this.#store.del(PREFIX + peer)
  }

  async clear(): Promise<void> {
    for (const { peer } of this.list()) await this.forget(peer)
  }

  async #makeRoom(): Promise<void> {
    const excess = this.#contacts.size - CONTACTS_MAX
    if (excess <= 0) return
    const oldest = this.list().toSorted((a, b) => a.metMs - b.metMs)
    for (const { peer } of oldest.slice(0, excess)) await this.forget(peer)
  }
}

function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}
