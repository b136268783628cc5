import { describe, expect, it } from 'vitest'
import { inputsFromJson } from './tensor-json.ts'

const data = (array: { readonly buffer: ArrayBufferLike }) => new Uint8Array(array.buffer)

describe('tensors in JSON', () => {
  it('are lists of numbers, nested or not, or base64', () => {
    const forms = [
      [1, 2, 3, 4],
      [
        [1, 2],
        [3, 4],
      ],
      'AACAPwAAAEAAAEBAAACAQA==',
    ]

    for (const form of forms) {
      expect(inputsFromJson({ x: { type: 'float32', dims: [2, 2], data: form } })).toEqual([
        [{ name: 'x', type: 'float32', dims: [2, 2], data: data(Float32Array.of(1, 2, 3, 4)) }],
      ])
    }
  })

  it('may be several inputs, of several tensors each', () => {
    const item = {
      ids: { type: 'int64', dims: [2], data: [-1, 7] },
      mask: { type: 'bool', dims: [1], data: [true] },
    }

    const one = [
      { name: 'ids', type: 'int64', dims: [2], data: data(BigInt64Array.of(-1n, 7n)) },
      { name: 'mask', type: 'bool', dims: [1], data: Uint8Array.of(1) },
    ]
    expect(inputsFromJson([item, item])).toEqual([one, one])
  })

  it.each([
    ['text', 'x', 'expected an object of tensors by name'],
    ['a number for a tensor', { x: 1 }, 'x: expected type, dims and data'],
    [
      'an unknown type',
      { x: { type: 'toString', dims: [], data: [1] } },
      'x: expected a tensor type, got "toString"',
    ],
    [
      'a negative size',
      { x: { type: 'int8', dims: [-1], data: [] } },
      'x: expected dims as a list of sizes',
    ],
    [
      'too few elements',
      { x: { type: 'int8', dims: [2], data: [1] } },
      'x: expected 2 elements, got 1',
    ],
    [
      'half an integer',
      { x: { type: 'int64', dims: [1], data: [0.5] } },
      'x: expected numbers of type int64, got 0.5',
    ],
    [
      'text for a number',
      { x: { type: 'int8', dims: [1], data: ['1'] } },
      'x: expected numbers of type int8, got "1"',
    ],
    [
      'short base64',
      { x: { type: 'int8', dims: [4], data: 'AQI=' } },
      'x: expected 4 bytes, got 2',
    ],
    [
      'no data',
      { x: { type: 'int8', dims: [0] } },
      'x: expected data as a list of numbers or base64',
    ],
  ])('are refused when they hold %s', (_, json, reason) => {
    expect(inputsFromJson(json)).toBe(reason)
  })
})
