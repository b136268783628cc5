import { expect, it } from 'vitest'
import { MeanRow } from './mean-row.ts'

const rows = Float32Array.from({ length: 30 }, (_, at) => Math.sin(at) * 1e3)

function meanOf(...sizes: readonly number[]): readonly number[] {
  const mean = new MeanRow()
  let row = 0
  for (const size of sizes) {
    mean.add(row, rows.subarray(3 * row, 3 * (row + size)), 3)
    row += size
  }
  return [...mean.value]
}

it('is the same to the last bit however the rows come', () => {
  const whole = meanOf(10)
  expect(meanOf(1, 2, 3, 4)).toEqual(whole)
  expect(meanOf(5, 5)).toEqual(whole)
  expect(whole[0]).toBeCloseTo(
    [...rows].filter((_, at) => at % 3 === 0).reduce((a, b) => a + b) / 10,
    3,
  )
})

it('begins anew at row 0, and takes no row twice', () => {
  const mean = new MeanRow()
  mean.add(0, Float32Array.of(1, 2, 3, 4), 2)
  expect(() => mean.add(1, Float32Array.of(1, 2), 2)).toThrow('expected row 2 to be next, got 1')
  expect(() => mean.add(3, Float32Array.of(1, 2), 2)).toThrow('got 3')
  mean.add(0, Float32Array.of(8, 9), 2)
  expect([...mean.value]).toEqual([8, 9])
})
