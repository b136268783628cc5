import { describe, expect, it } from 'vitest'
import { CrashTable, restartAdvice } from './restart-policy.ts'

const init = { crashesMax: 4, windowMs: 60_000, baseMs: 100, delayMsMax: 300 }

describe('restart policy', () => {
  it('doubles the wait after each crash up to its limit, then leaves the stage alone', () => {
    const table = new CrashTable(init)

    expect([0, 1000, 2000, 3000].map((nowMs) => table.crashed('a', nowMs))).toEqual([
      { type: 'start', delayMs: 100 },
      { type: 'start', delayMs: 200 },
      { type: 'start', delayMs: 300 },
      { type: 'leave', crashes: 4, delayMs: 57_000 },
    ])
  })

  it('counts from the crash, not from the question', () => {
    expect(restartAdvice([1000], 1040, init)).toEqual({ type: 'start', delayMs: 60 })
    expect(restartAdvice([1000], 5000, init)).toEqual({ type: 'start', delayMs: 0 })
  })

  it('forgets crashes that fall out of the window', () => {
    const table = new CrashTable(init)
    for (const nowMs of [0, 1, 2, 3]) table.crashed('a', nowMs)

    expect(table.advice('a', 60_000)).toEqual({ type: 'start', delayMs: 0 })
    expect(table.advice('a', 60_003)).toEqual({ type: 'start', delayMs: 0 })
  })

  it('throws for a stage that is left alone, and not for others', () => {
    const table = new CrashTable(init)
    for (const nowMs of [0, 1, 2, 3]) table.crashed('a', nowMs)

    expect(table.delayMs('b', 4)).toBe(0)
    expect(() => table.delayMs('a', 4)).toThrow('the executor crashed 4 times within 60000 ms')
  })

  it('remembers a limited number of stages', () => {
    const table = new CrashTable({ ...init, crashesMax: 1 })
    for (let stage = 0; stage <= 256; stage++) table.crashed(String(stage), 0)

    expect([table.advice('0', 0).type, table.advice('256', 0).type]).toEqual(['start', 'leave'])
  })
})
