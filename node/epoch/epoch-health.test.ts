import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { madeUpKey } from '../../test/fixtures/devices.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { type ClockBounds, CutClock } from './cut-clock.ts'
import { DISK_FREE_BYTES_MIN, EpochHealth } from './epoch-health.ts'

const self = madeUpKey(1).peer
const others = [2, 3, 4].map((number) => madeUpKey(number).peer) as [PeerId, PeerId, PeerId]
/** Those of epochs of five minutes. */
const bounds: ClockBounds = {
  harmlessMs: 10_000,
  latencyMs: 5_000,
  refusedMs: 30_000,
  others: 3,
}

/** What follows from cuts that were so far ahead, each of another proposer in turn. */
function offOf(aheadMs: readonly number[], change: Partial<ClockBounds> = {}): number | undefined {
  const clock = new CutClock()
  const turns = Math.min(others.length, change.others ?? 3)
  for (const [at, ms] of aheadMs.entries()) clock.note(others[at % turns] ?? others[0], ms)
  return clock.offMs({ ...bounds, ...change })
}

describe('the clock of a device, by the cuts of others', () => {
  it.each<[string, readonly number[], Partial<ClockBounds>, number | undefined]>([
    ['that are decided at once', [10, 20, 30], {}, undefined],
    ['that take some time', [4_000, 9_000, 14_000], {}, undefined],
    ['of tomorrow: it is behind', [-12_000, -11_500, -11_000], {}, -11_500],
    ['of long ago: it is ahead', [17_000, 18_000, 19_000], {}, 18_000],
    ['of one who lies about the time', [-25_000, 300, 200, -25_000, 400, 100], {}, undefined],
    ['too few to say', [-12_000, -12_000], {}, undefined],
    ['of only some of the others', [-12_000, -12_000, -12_000], { others: 4 }, -12_000],
    ['of the one other there is', [-12_000, -13_000, -12_000], { others: 1 }, -12_000],
    ['of the one other, once slept through', [500, 90_000, 600], { others: 1 }, undefined],
    ['that nobody here would have voted for, twice', [3_600_000, 3_600_000], {}, 3_600_000],
    ['of an epoch of a second', [-300, -310, -320], { harmlessMs: 250 }, -310],
  ])('%s', (_, aheadMs, change, offMs) => {
    expect(offOf(aheadMs, change)).toBe(offMs)
  })

  it('is not told of by one proposer alone, where there are more', () => {
    const clock = new CutClock()
    for (let at = 0; at < 9; at++) clock.note(others[0], -20_000)
    expect(clock.offMs(bounds)).toBeUndefined()
  })
})

function health() {
  const clock = new ManualClock()
  const calendar = { spans: [{ epoch: 0, startMs: 0, epochMs: 300_000 }] }
  const made = new EpochHealth({ clock, calendar, self })
  const write = async (ms: number): Promise<void> => {
    const written = made.timed(() => clock.sleep(ms, new AbortController().signal))
    await clock.advance(ms)
    await written
  }
  return { made, write }
}

describe('the disk of a device', () => {
  it('is slow when votes are late again and again, and not for one that was', async () => {
    const { made, write } = health()
    for (const ms of [2_000, 2_000, 2_000]) await write(ms)
    expect(made.problems).toEqual([])
    await write(1_500)
    expect(made.problems).toEqual([
      { code: 'EPOCH_DISK_SLOW', facts: { tookMs: 1_500, waitedMs: 1_000 } },
    ])
    await write(5)
    expect(made.problems).toEqual([])
  })

  it('is full before it is, and no longer when there is room', () => {
    const { made } = health()
    made.noteFree(DISK_FREE_BYTES_MIN - 1)
    expect(made.problems).toEqual([
      { code: 'EPOCH_DISK_FULL', facts: { freeBytes: DISK_FREE_BYTES_MIN - 1 } },
    ])
    made.noteFree(DISK_FREE_BYTES_MIN)
    expect(made.problems).toEqual([])
  })

  it('is what is to blame for votes of an epoch to come, where it lost epochs', () => {
    const { made } = health()
    made.noteStandpoint({ type: 'abstains', until: 40, code: 'EPOCH_TIME_INVALID' })
    expect(made.problems.map(({ code }) => code)).toEqual(['EPOCH_TIME_INVALID'])
    made.noteDamage('epoch', 30)
    expect(made.problems).toEqual([
      { code: 'EPOCH_DISK_DAMAGED', facts: { damagedEpoch: 30 } },
      { code: 'EPOCH_VOTES_LOST', facts: { abstainsUntilEpoch: 40 } },
    ])
  })
})
