import { expect, it } from 'vitest'
import { asBlobId, asJobId, asMeshId, asModelId, asPeerId, asSessionId } from './ids.ts'

const digest = 'ab'.repeat(32)
const short = '01'.repeat(16)

it.each([asMeshId, asModelId, asBlobId])('takes 32 bytes in lower-case hexadecimal', (as) => {
  expect(as(digest)).toBe(digest)
  const wrong = [digest.toUpperCase(), digest.slice(2), `${digest}00`, `${digest}\n`, short, '']
  expect(wrong.map((text) => as(text))).toEqual(wrong.map(() => undefined))
})

it.each([asJobId, asSessionId])('takes 16 bytes in lower-case hexadecimal', (as) => {
  expect(as(short)).toBe(short)
  const wrong = [digest, short.slice(1), ` ${short}`, short.replace('0', 'g'), '']
  expect(wrong.map((text) => as(text))).toEqual(wrong.map(() => undefined))
})

it('takes a PeerId of an Ed25519 key', () => {
  const peer = '12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq'
  expect(asPeerId(peer)).toBe(peer)
  const wrong = [
    peer.slice(1),
    `${peer}1`,
    // Base58 leaves out 0, O, I and l.
    peer.replace('Btg', 'B0g'),
    'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N',
    '',
  ]
  expect(wrong.map(asPeerId)).toEqual(wrong.map(() => undefined))
})
