import * as fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { expect, it } from 'vitest'
import { PEER_ID_BYTES, PEER_ID_CHARACTERS, peerIdBytes, peerIdText } from './peer-id-text.ts'

const rest = fc.uint8Array({ minLength: PEER_ID_BYTES - 2, maxLength: PEER_ID_BYTES - 2 })
/** The second byte is that of every PeerId: with a much larger one there are more characters. */
const ids = rest.map((bytes) => Uint8Array.of(0, 0x24, ...bytes))

it('a PeerId is written and read as a library for any length does', () => {
  fc.assert(
    fc.property(ids, (bytes) => {
      const text = base58btc.baseEncode(bytes)
      expect(peerIdText(bytes)).toBe(text)
      expect(peerIdBytes(text)).toEqual(bytes)
    }),
  )
})

it('a text is read as a library for any length reads it, or stands for more bytes', () => {
  const letter = fc.constantFrom(
    ...Array.from('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'),
  )
  const letters = fc.array(letter, {
    minLength: PEER_ID_CHARACTERS - 2,
    maxLength: PEER_ID_CHARACTERS - 2,
  })
  const second = fc.constantFrom(...Array.from('23456789ABCDEFGz'))
  fc.assert(
    fc.property(second, letters, (first, others) => {
      const text = `1${first}${others.join('')}`
      const bytes = base58btc.baseDecode(text)
      expect(peerIdBytes(text)).toEqual(bytes.length === PEER_ID_BYTES ? bytes : undefined)
    }),
  )
})

it.each([
  ['the least', new Uint8Array(PEER_ID_BYTES - 2)],
  ['the largest', new Uint8Array(PEER_ID_BYTES - 2).fill(255)],
])('%s number comes back', (_, bytes) => {
  const whole = Uint8Array.of(0, 0x24, ...bytes)
  expect(peerIdText(whole)).toBe(base58btc.baseEncode(whole))
  expect(peerIdBytes(peerIdText(whole))).toEqual(whole)
})
