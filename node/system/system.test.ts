import { expect, it } from 'vitest'
import { systemClock } from './system-clock.ts'
import { systemRandom } from './system-random.ts'

it('draws bytes of the length that was asked for and fractions below one', () => {
  expect(systemRandom.bytes(100_000)).toHaveLength(100_000)
  const draws = Array.from({ length: 1_000 }, () => systemRandom.fraction())
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true)
  expect(new Set(draws).size).toBe(1_000)
})

it('ends a sleep when its signal aborts, and never starts one that is over', async () => {
  const abort = new AbortController()
  const sleep = systemClock.sleep(60_000, abort.signal)
  abort.abort()
  await sleep
  await systemClock.sleep(60_000, abort.signal)
  await systemClock.sleep(0, new AbortController().signal)
  expect(abort.signal.aborted).toBe(true)
})
