import { expect, it } from 'vitest'
import { record, uint } from './cbor-shape.ts'
import { ANSWERS_FROM, kindCodec } from './kind-codec.ts'

const codec = kindCodec({ add: record({ count: uint(9) }), end: record({}) }, ANSWERS_FROM)

it('numbers kinds in their order, and reads what it wrote', () => {
  const frames = [codec.encode({ type: 'add', count: 3 }), codec.encode({ type: 'end' })]
  expect(frames.map(([kind]) => kind)).toEqual([0x81, 0x82])
  expect(frames.map((frame) => codec.decode(frame))).toEqual([
    { type: 'add', count: 3 },
    { type: 'end' },
  ])
})

it('reads no kind that there is not, no other fields, and nothing behind them', () => {
  const frame = codec.encode({ type: 'add', count: 3 })
  for (const kind of [0, 0x01, 0x80, 0x83, 0xff]) {
    expect(codec.decode(frame.with(0, kind)), `kind ${kind}`).toBe(undefined)
  }
  expect(codec.decode(frame.with(0, 0x82))).toBe(undefined)
  expect(codec.decode(Uint8Array.of(...frame, 0))).toBe(undefined)
  for (let length = 0; length < frame.length; length++) {
    expect(codec.decode(frame.subarray(0, length)), `${length} bytes`).toBe(undefined)
  }
})
