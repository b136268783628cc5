import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { READY } from '../../test/fixtures/session-records.ts'
import { MEMORY_WAIT_MS_MAX } from './limits.ts'
import { Seat } from './seat.ts'

function seat(nowMs = 0): Seat {
  return new Seat(1, 'holder' as PeerId, 0, nowMs)
}

function loading(bytesDone: number, waiting?: number) {
  return { type: 'loading', bytesDone, bytesTotal: 0, waiting } as const
}

function readySeat(nowMs = 0): Seat {
  const ready = seat(nowMs)
  ready.serve(READY, nowMs)
  return ready
}

describe('seat', () => {
  it('places a time of the holder to within half a round trip, however the ways differ', () => {
    const ways = fc.record({
      thereMs: fc.integer({ min: 0, max: 2_000 }),
      backMs: fc.integer({ min: 0, max: 2_000 }),
    })
    fc.assert(
      fc.property(
        fc.array(ways, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (trips, aheadMs) => {
          const holder = readySeat()
          // Pings every 250 ms; links keep order, so no answer overtakes the one before.
          let lastMs = 0
          const answers = trips.map(({ thereMs, backMs }, index) => {
            const sentMs = 250 * index
            const arrivedMs = sentMs + thereMs
            lastMs = Math.max(lastMs, arrivedMs + backMs)
            return { sentMs, arrivedMs, backMs: lastMs }
          })
          const events = answers
            .flatMap(({ sentMs, arrivedMs, backMs }) => [
              { atMs: sentMs, act: () => holder.notePing(sentMs) },
              {
                atMs: backMs,
                act: () => holder.noteClock(1000 * (arrivedMs + 2e6 + aheadMs), backMs),
              },
            ])
            .toSorted((a, b) => a.atMs - b.atMs)
          for (const { act } of events) act()
          const quickestMs = Math.min(...answers.map(({ sentMs, backMs }) => backMs - sentMs))
          expect(holder.rttMs).toBe(quickestMs)
          const errorMs = Math.abs((holder.ownMs(5e6 + 2e6 + aheadMs) ?? Infinity) - 5e6)
          return errorMs <= quickestMs / 2 + 1e-3
        },
      ),
    )
  })

  it('knows no time of a holder that never answered, and ignores answers to nothing', () => {
    const holder = readySeat()
    holder.noteClock(1_000_000, 5)
    expect([holder.rttMs, holder.ownMs(7)]).toEqual([undefined, undefined])
  })

  it('is stalled when nothing was heard for too long', () => {
    const holder = readySeat()
    holder.hear(100)
    expect(holder.stalled(500, 400, 10_000)).toBe(false)
    expect(holder.stalled(501, 400, 10_000)).toBe(true)
  })

  it('is stalled when a request that is there is not done, but not when it waits for others', () => {
    const holder = readySeat()
    for (let nowMs = 0; nowMs <= 3_000; nowMs += 100) {
      holder.hear(nowMs)
      holder.notePong(2, 2, nowMs)
    }
    expect(holder.stalled(3_000, 400, 1_000)).toBe(false)
    for (let nowMs = 3_100; nowMs <= 4_000; nowMs += 100) {
      holder.hear(nowMs)
      holder.notePong(3, 2, nowMs)
    }
    expect([holder.stalled(4_000, 400, 1_000), holder.stalled(4_001, 400, 1_000)]).toEqual([
      false,
      true,
    ])
  })

  it('is stalled while it opens when it answers but fetches and loads nothing', () => {
    const holder = seat()
    for (let nowMs = 0; nowMs <= 2_000; nowMs += 100) {
      holder.hear(nowMs)
      holder.notePong(0, 0, nowMs)
      if (nowMs <= 500) holder.noteLoading(loading(nowMs + 1), nowMs)
    }
    expect(holder.stalled(1_500, 400, 1_000)).toBe(false)
    expect(holder.stalled(2_000, 400, 1_000)).toBe(true)
  })

  it('is not stalled while it waits for memory, for as long as that may take', () => {
    const holder = seat()
    for (let nowMs = 0; nowMs <= MEMORY_WAIT_MS_MAX + 2_000; nowMs += 100) {
      holder.hear(nowMs)
      // Saying it again and again does not make it longer.
      if (nowMs >= 500) holder.noteLoading(loading(0, nowMs % 3), nowMs)
    }
    const lastMs = 500 + MEMORY_WAIT_MS_MAX + 1_000
    expect(holder.stalled(lastMs, 2_000, 1_000)).toBe(false)
    expect(holder.stalled(lastMs + 1, 2_000, 1_000)).toBe(true)
  })

  it('is not blamed for what the requester slept through', () => {
    const holder = readySeat()
    holder.hear(100)
    holder.excuse(60_000, 60_200)
    expect(holder.stalled(60_200, 400, 1_000)).toBe(false)
    expect(holder.stalled(60_601, 400, 1_000)).toBe(true)
  })
})
