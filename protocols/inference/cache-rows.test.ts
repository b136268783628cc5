import { expect, it } from 'vitest'
import { cachedOf, cacheTensors } from './cache-rows.ts'

const key = {
  name: 'past.0.key',
  type: 'float32',
  dims: [1, 1, 2, 1],
  data: new Uint8Array(8),
} as const

it('says which rows of how many it brings', () => {
  const rows = { from: 2, to: 4, of: 9 }
  expect(cachedOf(cacheTensors(rows, [key]))).toEqual({ rows, kept: [key] })
})

it.each([
  ['no rows at all', []],
  ['only what they are', [key]],
  ['only which they are', cacheTensors({ from: 0, to: 1, of: 1 }, [])],
  ['an empty span', cacheTensors({ from: 3, to: 3, of: 9 }, [key])],
  ['more than there are', cacheTensors({ from: 3, to: 10, of: 9 }, [key])],
  ['a negative row', cacheTensors({ from: -1, to: 2, of: 9 }, [key])],
  ['more than a text has', cacheTensors({ from: 0, to: 1, of: 2 ** 30 }, [key])],
])('takes nothing from a message with %s', (_what, tensors) => {
  expect(cachedOf(tensors)).toBe(undefined)
})
