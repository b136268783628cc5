import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import { FOUNDER_CREDENTIAL, HOME } from '../../test/fixtures/mesh.ts'
import { JOIN_FRAME_BYTES_MAX } from './limits.ts'
import { decodeJoin, encodeJoin, JOIN_REFUSALS, type JoinMessage } from './messages.ts'

const { chain } = FOUNDER_CREDENTIAL
const reserved = undefined
const nonce = new Uint8Array(32).fill(9)

const messages: readonly JoinMessage[] = [
  { type: 'hello', version: 1, mesh: HOME.id, chain, reserved },
  { type: 'ask', version: 1, meshPrefix: HOME.id.slice(0, 32), nonce, reserved },
  {
    type: 'proof',
    nonce,
    genesis: HOME.signed,
    chain,
    signature: new Uint8Array(64).fill(5),
    reserved,
  },
  {
    type: 'claim',
    invite: new Uint8Array(16).fill(3),
    proof: new Uint8Array(32).fill(4),
    reserved,
  },
  { type: 'grant', chain, reserved },
  { type: 'done', reserved },
  { type: 'refuse', code: 'JOIN_INVITE_USED' },
]

interface Vector {
  readonly type: string
  readonly hex: string
}

const vectors = JSON.parse(readFileSync('test/vectors/join.json', 'utf8')) as readonly Vector[]

describe('messages of /brume/join/1', () => {
  it('are the bytes of the vectors', () => {
    expect(
      messages.map((message) => ({ type: message.type, hex: toHex(encodeJoin(message)) })),
    ).toEqual(vectors)
  })

  it('say the same after a journey', () => {
    for (const message of messages) {
      expect(decodeJoin(encodeJoin(message))).toEqual({ type: 'message', message })
    }
  })

  it('are read or refused, never thrown at, whatever is missing or flipped', () => {
    for (const { hex } of vectors) {
      const frame = fromHex(hex) ?? new Uint8Array(0)
      for (let length = 0; length < frame.length; length++) {
        expect(decodeJoin(frame.subarray(0, length)).type).toBe('refused')
      }
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const flipped = frame.slice()
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const decoded = decodeJoin(flipped)
        // Another message has other bytes: nothing is read in two ways.
        if (decoded.type === 'message') expect(encodeJoin(decoded.message)).toEqual(flipped)
      }
    }
  })

  it('refuses frames that are too long', () => {
    const frame = new Uint8Array(JOIN_FRAME_BYTES_MAX + 1).fill(1)
    expect(decodeJoin(frame)).toEqual({ type: 'refused', reason: 'frame too long' })
  })

  it('carries every refusal', () => {
    for (const code of JOIN_REFUSALS) {
      const message = { type: 'refuse', code } as const
      expect(decodeJoin(encodeJoin(message))).toEqual({ type: 'message', message })
    }
  })
})
