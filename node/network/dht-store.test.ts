import { expect, it } from 'vitest'
import { boundedStore, type DhtStorePort } from './dht-store.ts'

type Key = Parameters<DhtStorePort['put']>[0]

function mapStore(): { readonly map: Map<string, Uint8Array>; readonly store: DhtStorePort } {
  const map = new Map<string, Uint8Array>()
  const store = {
    put: async (key: Key, value: Uint8Array) => {
      map.set(key.toString(), value)
      return key
    },
    delete: async (key: Key) => void map.delete(key.toString()),
  }
  return { map, store: store as unknown as DhtStorePort }
}

const key = (text: string): Key => ({ toString: () => text }) as unknown as Key

it('drops the record that was renewed longest ago, never its own', async () => {
  const { map, store } = mapStore()
  const bounded = boundedStore(store, { recordsMax: 2, self: 'me' })
  const puts = ['/provider/x/me', '/record/a', '/record/b', '/record/a', '/record/c']
  for (const each of puts) await bounded.put(key(each), Uint8Array.of(1))
  expect([...map.keys()]).toEqual(['/provider/x/me', '/record/a', '/record/c'])
})

it('counts a deleted record no more', async () => {
  const { map, store } = mapStore()
  const bounded = boundedStore(store, { recordsMax: 2, self: 'me' })
  await bounded.put(key('/record/a'), Uint8Array.of(1))
  await bounded.put(key('/record/b'), Uint8Array.of(1))
  await bounded.delete(key('/record/a'))
  await bounded.put(key('/record/c'), Uint8Array.of(1))
  expect([...map.keys()]).toEqual(['/record/b', '/record/c'])
})
