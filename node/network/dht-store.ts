/**
 * Bounds what the DHT keeps for others: libp2p itself stores whatever passes the checks.
 *
 * @module
 */

import type { kadDHT } from '@libp2p/kad-dht'
import { overlay } from './overlay.ts'

/** libp2p's key-value store. */
export type DhtStorePort = Parameters<ReturnType<typeof kadDHT>>[0]['datastore']

export interface DhtStoreInit {
  /** Records that are kept; beyond, the one that was renewed longest ago is dropped. */
  readonly recordsMax: number
  /** Our own provider records end with this and stay, for they are what libp2p renews. */
  readonly self: string
}

type Put = DhtStorePort['put']
type Delete = DhtStorePort['delete']

/** `store`, with a limit on the number of records that are put through it. */
export function boundedStore(store: DhtStorePort, init: DhtStoreInit): DhtStorePort {
  /** Keys of others' records, renewed longest ago first. */
  const keys = new Map<string, Parameters<Put>[0]>()
  const put: Put = async (key, value, options) => {
    const text = key.toString()
    if (!text.endsWith(init.self)) {
      keys.delete(text)
      keys.set(text, key)
    }
    const [oldest] = keys
    if (keys.size > init.recordsMax && oldest !== undefined) {
      keys.delete(oldest[0])
      await store.delete(oldest[1])
    }
    return store.put(key, value, options)
  }
  const remove: Delete = async (key, options) => {
    keys.delete(key.toString())
    await store.delete(key, options)
  }
  return overlay(store, { put: () => put, delete: () => remove })
}
