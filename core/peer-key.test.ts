import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromHex, toHex } from './bytes.ts'
import { PUBLIC_KEY_BYTES, peerIdOf, publicKeyOf } from './peer-key.ts'

/** The Ed25519 key of the libp2p specification "Peer Ids and Keys", and two at the ends. */
const VECTORS = [
  [
    '1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e',
    '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq',
  ],
  ['00'.repeat(32), '12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw'],
  ['ff'.repeat(32), '12D3KooWT3gYEvLJyx1FyyHqrmvdy1tMjpgxmu9aSeKMEuafQtyC'],
] as const

it.each(VECTORS)('writes the key %s as libp2p does', (key, peer) => {
  expect(peerIdOf(fromHex(key) ?? new Uint8Array())).toBe(peer)
  expect(toHex(publicKeyOf(peer) ?? new Uint8Array())).toBe(key)
})

it('gives every key a PeerId that carries it', () => {
  const key = fc.uint8Array({ minLength: PUBLIC_KEY_BYTES, maxLength: PUBLIC_KEY_BYTES })
  fc.assert(
    fc.property(key, (bytes) => {
      expect(publicKeyOf(peerIdOf(bytes))).toEqual(bytes)
    }),
  )
})

it.each([
  // A key of another type, a text that is no base58, and one that decodes to other bytes.
  'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
  '12D3KooW0tg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq',
  '12D3Koozzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz',
  '',
])('finds no key in %j', (text) => {
  expect(publicKeyOf(text)).toBeUndefined()
})
