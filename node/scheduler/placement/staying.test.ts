import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaveChance } from './staying.ts'

const MINUTE_MS = 60_000
const habit = { for5min: 0.75, for15min: 0.5, for60min: 0.25 }
const quarter = fc.constantFrom(0, 0.25, 0.5, 0.75, 1)
const anyStaying = fc.record({ for5min: quarter, for15min: quarter, for60min: quarter })

describe('the chance that a device is wanted back', () => {
  it.each([
    [0, 0],
    [5, 0.25],
    [15, 0.5],
    [60, 0.75],
    // Half of those that stay an hour stay another 45 minutes.
    [105, 0.875],
  ])('within %d minutes is what its owner usually does: %d', (minutes, chance) => {
    expect(leaveChance(habit, minutes * MINUTE_MS)).toBeCloseTo(chance, 10)
  })

  it('is small within seconds, and even for who never stays no certainty', () => {
    expect(leaveChance(habit, 5_000)).toBeLessThan(0.005)
    expect(leaveChance({ for5min: 0, for15min: 0, for60min: 0 }, 60 * MINUTE_MS)).toBe(7 / 8)
  })

  it('lies between 0 and 1 and never falls with time, whatever a device says', () => {
    const time = fc.integer({ min: 0, max: 10 * 24 * 60 * MINUTE_MS })
    fc.assert(
      fc.property(anyStaying, time, time, (staying, one, other) => {
        const [sooner, later] = [Math.min(one, other), Math.max(one, other)]
        const chance = leaveChance(staying, sooner)
        return chance >= 0 && chance <= leaveChance(staying, later) && chance <= 1
      }),
    )
  })
})
