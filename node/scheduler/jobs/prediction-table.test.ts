import { expect, it } from 'vitest'
import { PredictionTable } from './prediction-table.ts'

it('corrects the next prediction for a way by how far off the last ones were', () => {
  const table = new PredictionTable()
  expect(table.of('way')).toBe(undefined)
  table.note('way', { modelled: 10, shown: 10, measured: 8 })
  expect(table.of('way')).toMatchObject({ factor: 0.8, runs: 1 })
  expect(table.of('way')?.errorPercent).toBeCloseTo(-20)
  table.note('way', { modelled: 10, shown: 8, measured: 8 })
  expect(table.of('way')?.factor).toBeCloseTo(0.8)
  expect(table.of('way')).toMatchObject({ runs: 2, errorPercent: 0 })
  expect(table.of('other')).toBe(undefined)
})

it('bounds a correction, and takes none from what was not measured', () => {
  const table = new PredictionTable()
  table.note('way', { modelled: 1, shown: 1, measured: 1_000 })
  expect(table.of('way')?.factor).toBe(4)
  for (const measured of [0, Number.NaN]) table.note('other', { modelled: 1, shown: 1, measured })
  table.note('other', { modelled: 1, shown: 0, measured: 1 })
  expect(table.of('other')).toBe(undefined)
})
