import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/tensor.ts'
import { fromWire, toWire } from './wire-type.ts'

const VALUES = [0, 1, -2.5, 65_504, 0.000_060_975_551_605_224_61]

function tensor(data: Uint8Array): Tensor {
  return { name: 'x', type: 'float32', dims: [VALUES.length], data }
}

const plain = tensor(new Uint8Array(Float32Array.from(VALUES).buffer))

/** The same bytes within a larger Buffer, as a socket gives them: at an odd place. */
function received({ data, ...rest }: Tensor): Tensor {
  const chunk = Buffer.concat([Buffer.from('odd'), data, Buffer.from('behind')])
  return { ...rest, data: chunk.subarray(3, 3 + data.length) }
}

describe('f16 wire', () => {
  it('keeps values that a half holds', () => {
    expect(fromWire(toWire([plain], 'f16'), 'f16')).toEqual([plain])
  })

  it('reads bytes wherever they stand in what a socket gave', () => {
    const [half] = toWire([received(plain)], 'f16')
    expect(half?.data).toEqual(new Uint8Array(Float16Array.from(VALUES).buffer))
    expect(fromWire(half === undefined ? [] : [received(half)], 'f16')).toEqual([plain])
  })

  it('leaves other types alone', () => {
    const ids: Tensor = { name: 'ids', type: 'int64', dims: [1], data: new Uint8Array(8).fill(1) }
    expect(fromWire(toWire([ids], 'f16'), 'f16')).toEqual([ids])
  })
})

it('hands f32 through as it is', () => {
  const tensors = [plain]
  expect(fromWire(toWire(tensors, 'f32'), 'f32')).toBe(tensors)
})
