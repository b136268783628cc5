import { describe, expect, it } from 'vitest'
import { addWork, milliCreditsOf, NO_WORK } from './work.ts'

describe('work', () => {
  it('is worth its operations, not its time', () => {
    const slow = { ...NO_WORK, mflop: 1_000_000, cpuMs: 900_000, elapsedMs: 1_000_000 }
    const fast = { ...NO_WORK, mflop: 1_000_000, gpuMs: 10, elapsedMs: 20 }
    expect([milliCreditsOf(slow), milliCreditsOf(fast)]).toEqual([1_000, 1_000])
  })

  it('is worth the instructions of its WASM', () => {
    expect(milliCreditsOf({ mflop: 999, mfuel: 3_000 })).toBe(3)
  })

  it('adds up, with the level of the greater part', () => {
    const a = { ...NO_WORK, mflop: 5, bytesIn: 1, elapsedMs: 10, levelPermille: 250 }
    const b = { ...NO_WORK, mflop: 7, bytesOut: 2, elapsedMs: 20, levelPermille: 1_000 }
    expect(addWork(a, b)).toEqual({
      ...NO_WORK,
      mflop: 12,
      bytesIn: 1,
      bytesOut: 2,
      elapsedMs: 30,
      levelPermille: 1_000,
    })
  })

  it('never leaves the integers', () => {
    const most = { ...NO_WORK, mflop: Number.MAX_SAFE_INTEGER }
    expect(addWork(most, most).mflop).toBe(Number.MAX_SAFE_INTEGER)
  })
})
