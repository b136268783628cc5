import { describe, expect, it } from 'vitest'
import { shapeText, type Tensor, tensorBytes, tensorMismatch } from './tensor.ts'

const image: Tensor = {
  name: 'image',
  type: 'float32',
  dims: [1, 2, 3],
  data: new Uint8Array(24),
}

describe('tensorBytes', () => {
  it('counts the elements of every dimension', () => {
    expect(tensorBytes('float32', [1, 2, 3])).toBe(24)
    expect(tensorBytes('int64', [])).toBe(8)
    expect(tensorBytes('float16', [0, 5])).toBe(0)
  })
})

describe('tensorMismatch', () => {
  it('accepts a size for a name and for an unknown size', () => {
    const spec = { name: 'image', type: 'float32', dims: ['batch', null, 3] } as const
    expect(tensorMismatch(image, spec)).toBeUndefined()
  })

  it.each([
    [{ type: 'uint8', dims: [1, 2, 3] }, 'expected uint8, got float32'],
    [{ type: 'float32', dims: [1, 2, 4] }, 'expected shape [1,2,4], got [1,2,3]'],
    [{ type: 'float32', dims: [1, 2] }, 'expected shape [1,2], got [1,2,3]'],
  ] as const)('says how a tensor differs from %j', (spec, reason) => {
    expect(tensorMismatch(image, { name: 'image', ...spec })).toBe(reason)
  })

  it('refuses data that is longer or shorter than its shape', () => {
    const cut = { ...image, data: new Uint8Array(23) }
    expect(tensorMismatch(cut, { name: 'image', type: 'float32', dims: [1, 2, 3] })).toBe(
      'expected 24 bytes, got 23',
    )
  })
})

describe('shapeText', () => {
  it('writes names and unknown sizes', () => {
    expect(shapeText([1, 'seq', null])).toBe('[1,seq,?]')
    expect(shapeText([])).toBe('[]')
  })
})
