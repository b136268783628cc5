import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesEqual, concatBytes, fromHex, toHex } from '../../core/bytes.ts'
import type { BlobId } from '../../core/ids.ts'
import { CHUNK_BYTES, DESCRIBED_CHUNKS_MAX } from './limits.ts'
import { decodeBlocksMessage, encodeBlocksMessage, type BlocksMessage } from './messages.ts'

const A = 'aa'.repeat(32) as BlobId
const B = 'bb'.repeat(32) as BlobId
const NO_BITS = new Uint8Array()

const messages: Readonly<Record<string, BlocksMessage>> = {
  query: { type: 'query', request: 0, blobs: [A, B] },
  have: {
    type: 'have',
    request: 0,
    holdings: [
      { blob: A, held: 'whole', bits: NO_BITS },
      { blob: B, held: 'some', bits: Uint8Array.of(0b101) },
    ],
  },
  want: { type: 'want', request: 1, blob: B, index: 2 },
  chunk: { type: 'chunk', request: 1, index: 2, data: Uint8Array.of(1, 2, 3) },
  refuse: { type: 'refuse', request: 2 ** 32 - 1, code: 'not-held' },
  cancel: { type: 'cancel', request: 300 },
  describe: { type: 'describe', request: 0, blob: A },
  described: {
    type: 'described',
    request: 0,
    bytes: CHUNK_BYTES + 1,
    chunkHashes: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
  },
  describedEmpty: { type: 'described', request: 0, bytes: 0, chunkHashes: [] },
  refuseDescribe: { type: 'refuse', request: 0, code: 'too-large' },
}

const vectors = JSON.parse(readFileSync('test/vectors/blocks.json', 'utf8')) as Readonly<
  Record<string, string>
>

function frame(message: BlocksMessage): Uint8Array {
  return concatBytes(encodeBlocksMessage(message))
}

function bytes(hex: string): Uint8Array {
  return fromHex(hex) ?? NO_BITS
}

describe('blocks messages', () => {
  it('are the bytes of the vectors, both ways', () => {
    const encoded = Object.entries(messages).map(([name, message]) => [name, toHex(frame(message))])
    expect(Object.fromEntries(encoded)).toEqual(vectors)
    for (const [name, message] of Object.entries(messages)) {
      expect(decodeBlocksMessage(bytes(vectors[name] ?? ''))).toEqual({ type: 'message', message })
    }
  })

  it('are refused when cut short', () => {
    const accepted: string[] = []
    for (const [name, hex] of Object.entries(vectors)) {
      const whole = bytes(hex)
      for (let length = 0; length < whole.length; length++) {
        const decoded = decodeBlocksMessage(whole.subarray(0, length))
        if (decoded.type === 'message') accepted.push(`${name} ${length}`)
      }
    }
    // The end of a chunk's frame is the end of its bytes: the machine checks their number.
    expect(accepted).toEqual(['chunk 10', 'chunk 11'])
  })

  it('survive every flipped bit, and say the same again if they are still a message', () => {
    const changed: string[] = []
    for (const hex of Object.values(vectors)) {
      const whole = bytes(hex)
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const flipped = Uint8Array.from(whole)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const decoded = decodeBlocksMessage(flipped)
        const same = decoded.type === 'refused' || bytesEqual(frame(decoded.message), flipped)
        if (!same) changed.push(toHex(flipped))
      }
    }
    expect(changed).toEqual([])
  })

  it('never throw on noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(1, 2, 3), (noise, kind) => {
        noise[0] = kind
        expect(decodeBlocksMessage(noise).type).toMatch(/^(?:message|refused)$/)
      }),
    )
  })

  it('describe blobs of 16 MiB at most, with one hash for each chunk', () => {
    const sent = (chunks: number, size: number): string => {
      const chunkHashes = Array.from({ length: chunks }, () => new Uint8Array(32))
      const message = { type: 'described', request: 0, bytes: size, chunkHashes } as const
      return decodeBlocksMessage(frame(message)).type
    }
    const max = DESCRIBED_CHUNKS_MAX
    expect([sent(max, max * CHUNK_BYTES), sent(1, 1)]).toEqual(['message', 'message'])
    const wrong = [sent(max + 1, max * CHUNK_BYTES + 1), sent(max, 1), sent(0, 1), sent(1, 0)]
    expect(new Set(wrong)).toEqual(new Set(['refused']))
  })

  it('hand out the bytes of a chunk without a copy', () => {
    const data = new Uint8Array(CHUNK_BYTES)
    expect(encodeBlocksMessage({ type: 'chunk', request: 0, index: 0, data })[1]).toBe(data)
    const sent = frame({ type: 'chunk', request: 0, index: 0, data })
    const decoded = decodeBlocksMessage(sent)
    expect(decoded.type === 'message' && decoded.message.type === 'chunk').toBe(true)
    if (decoded.type !== 'message' || decoded.message.type !== 'chunk') return
    expect(decoded.message.data.buffer).toBe(sent.buffer)
    expect(decodeBlocksMessage(concatBytes([sent, Uint8Array.of(0)])).type).toBe('refused')
  })
})
