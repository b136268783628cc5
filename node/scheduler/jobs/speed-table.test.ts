import { describe, expect, it } from 'vitest'
import type { ModelId, PeerId } from '../../../core/ids.ts'
import { SpeedTable } from './speed-table.ts'

const model = 'aa'.repeat(32) as ModelId
const other = 'bb'.repeat(32) as ModelId
const ash = 'ash' as PeerId
const elm = 'elm' as PeerId

describe('speed table', () => {
  it('takes a share of the benchmark for a model that nobody has run', () => {
    expect(new SpeedTable().estimate(model, ash, 100)).toBe(35)
  })

  it('believes what was measured of the model on the device', () => {
    const table = new SpeedTable()
    table.note(model, ash, 20, 100)
    expect(table.estimate(model, ash, 100)).toBe(20)
    table.note(model, ash, 30, 100)
    expect(table.estimate(model, ash, 100)).toBe(23)
  })

  it('takes the share that others reached where the device has not run the model', () => {
    const table = new SpeedTable()
    table.note(model, ash, 20, 100)
    expect(table.estimate(model, elm, 50)).toBe(10)
    expect(table.estimate(other, elm, 100)).toBe(35)
  })

  it('learns nothing from a run that took no time to speak of', () => {
    const table = new SpeedTable()
    table.note(model, ash, Number.NaN, 100)
    table.note(model, ash, 0, 100)
    expect(table.estimate(model, ash, 100)).toBe(35)
  })
})
