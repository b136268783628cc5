import { expect, it } from 'vitest'
import { activityOf, LOOK_MS, parseStat, StallWatch } from './stall-watch.ts'

/** What looks every {@link LOOK_MS} come to. */
function looks(activities: readonly (readonly [ticks: number, isBusy: boolean])[]): boolean[] {
  const watch = new StallWatch()
  watch.begin()
  return activities.map(([ticks, isBusy], index) => watch.look({ ticks, isBusy }, index * LOOK_MS))
}

const [hung, starved] = [
  [5, false],
  [5, true],
] as const

it('takes a process for hung that did nothing at four looks and would not', () => {
  expect(looks([hung, hung, hung, hung])).toEqual([false, false, false, true])
})

it.each([
  ['waits for the processor', [starved, starved, starved, starved, starved]],
  [
    'gets a little of it',
    [[5, false] as const, [6, false] as const, [7, false] as const, [8, false] as const],
  ],
  ['slept in between', [hung, hung, starved, hung, hung, hung].slice(0, 5)],
])('takes no process for hung that %s', (_, activities) => {
  expect(looks(activities).some(Boolean)).toBe(false)
})

it('begins anew with each run, and after this process itself was held up', () => {
  const watch = new StallWatch()
  const look = (nowMs: number) => watch.look({ ticks: 5, isBusy: false }, nowMs)
  const times = (...counts: number[]) => counts.map((count) => count * LOOK_MS)
  expect(times(0, 1, 2).map(look)).toEqual([false, false, false])
  watch.begin()
  expect(times(3, 4, 5).map(look)).toEqual([false, false, false])
  expect(times(25, 26, 27).map(look)).toEqual([false, false, false])
  expect(look(28 * LOOK_MS)).toBe(true)
})

it('reads what the kernel says of a process, whatever its name', () => {
  const rest = '1 7 7 0 -1 4194304 1 0 0 0 31 11 0 0 20 0 11 0 9 9 9'
  expect(parseStat(`42 (a) R (b) T ${rest}`)).toEqual({ ticks: 42, isBusy: false })
  expect(parseStat(`42 (node) R ${rest}`)).toEqual({ ticks: 42, isBusy: true })
  for (const text of ['', '42 (node', '42 (node) R 1 7', 'nonsense']) {
    expect(parseStat(text)).toBe(undefined)
  }
})

it.runIf(process.platform === 'linux')('finds this process busy', () => {
  expect(activityOf(process.pid)).toMatchObject({ isBusy: true })
  expect(activityOf(0)).toBe(undefined)
})
