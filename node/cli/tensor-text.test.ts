import { expect, it } from 'vitest'
import { tensorText } from './tensor-text.ts'

it('shows name, type, shape and values with few digits', () => {
  const data = new Uint8Array(Float32Array.of(0.1, -2, 1 / 3, 1e-9).buffer)

  expect(tensorText({ name: 'y', type: 'float32', dims: [1, 4], data })).toBe(
    'y float32[1,4]  0.1 -2 0.33333 1e-9',
  )
})

it('shows the first values of a long one, and whole numbers as they are', () => {
  const data = new Uint8Array(BigInt64Array.from({ length: 12 }, (_, at) => BigInt(at)).buffer)

  expect(tensorText({ name: 'ids', type: 'int64', dims: [12], data })).toBe(
    'ids int64[12]  0 1 2 3 4 5 6 7 8 9 … (2 more)',
  )
})
