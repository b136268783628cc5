import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TENSOR_TYPES, type TensorType, tensorBytes } from '../../core/tensor.ts'
import { decodeNpy, encodeNpy } from './npy.ts'

/** A file as NumPy 2 writes `numpy.array([[1, 2, 3]], dtype)`, with its header's text given. */
function numpyFile(header: string, data: Uint8Array): Uint8Array {
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10
  const text = `${header.padEnd(length - 1)}\n`
  const head = Buffer.alloc(10)
  head.write('\u0093NUMPY\u0001\u0000', 'latin1')
  head.writeUInt16LE(length, 8)
  return new Uint8Array(Buffer.concat([head, Buffer.from(text, 'latin1'), data]))
}

const floats = new Uint8Array(Float32Array.of(1, 2, 3).buffer)
const vector = numpyFile("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }", floats)

/** Why `file` is refused, or the array. */
function read(file: Uint8Array) {
  const decoded = decodeNpy(file)
  return decoded.type === 'value' ? decoded.value : decoded.reason
}

describe('npy', () => {
  it('reads what NumPy writes, and writes the same', () => {
    expect(read(vector)).toEqual({ type: 'float32', dims: [1, 3], data: floats })
    expect(encodeNpy({ type: 'float32', dims: [1, 3], data: floats })).toEqual(vector)
  })

  it.each([
    ["{'descr': '|u1', 'fortran_order': True, 'shape': (3,), }", Uint8Array.of(1, 2, 3), [3]],
    ["{'shape': (), 'fortran_order': False, 'descr': '|b1', }", Uint8Array.of(1), []],
    ["{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4), }", new Uint8Array(), [0, 4]],
  ])('reads %s', (header, data, dims) => {
    expect(read(numpyFile(header, data))).toMatchObject({ dims, data })
  })

  it.each([
    [
      "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }",
      'expected little-endian numbers, got type >f4',
    ],
    [
      "{'descr': '|O8', 'fortran_order': False, 'shape': (3,), }",
      'expected little-endian numbers, got type |O8',
    ],
    [
      "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3), }",
      'expected data row by row, got Fortran order',
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }",
      'expected 16 bytes of data, got 12',
    ],
    [
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
      'expected at most 16 dimensions of sensible size',
    ],
    [
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }",
      'expected a type, an order and a shape in the header',
    ],
    ['', 'expected a type, an order and a shape in the header'],
  ])('refuses %s', (header, reason) => {
    expect(read(numpyFile(header, floats))).toBe(reason)
  })

  it('gives back what was written, whatever type and shape', () => {
    const array = fc
      .tuple(
        fc.constantFrom(...(Object.keys(TENSOR_TYPES) as TensorType[])),
        fc
          .array(fc.nat(4), { maxLength: 16 })
          .filter((dims) => tensorBytes('uint64', dims) < 9_000),
      )
      .chain(([type, dims]) => {
        const length = tensorBytes(type, dims)
        return fc
          .uint8Array({ minLength: length, maxLength: length })
          .map((data) => ({ type, dims, data }))
      })

    fc.assert(
      fc.property(array, (value) => {
        expect(read(encodeNpy(value))).toEqual(value)
      }),
    )
  })

  it('takes or refuses every truncation and every flipped bit, and never throws', () => {
    for (let length = 0; length < vector.length; length++) {
      expect(typeof read(vector.subarray(0, length))).toBe('string')
    }
    for (let bit = 0; bit < 8 * vector.length; bit++) {
      const flipped = Uint8Array.from(vector)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(['string', 'object']).toContain(typeof read(flipped))
    }
  })
})
