import { expect, it } from 'vitest'
import { ProbeTimes } from './probe-times.ts'

it('tells the quickest row alone, and what one of another text adds to it', () => {
  const times = new ProbeTimes()
  expect([times.stepUs, times.besideUs]).toEqual([0, undefined])
  for (const us of [900, 700, 800]) times.note(1, 0, us)
  expect([times.stepUs, times.besideUs]).toEqual([700, undefined])
  times.note(19, 0, 10)
  times.note(19, 1, 5)
  times.note(17, 0, 17)
  times.note(1, 8, 20)
  times.note(1, 1, 950)
  expect([times.stepUs, times.besideUs]).toEqual([700, 250])
  expect(times.chunkUs).toBe(1)
})
