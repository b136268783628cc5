import { describe, expect, it } from 'vitest'
import { copyMs, replayMs, SeatCopy, type MoveCosts } from './seat-copy.ts'

/** SmolLM2-135M, 10 of its 30 layers, over gigabit links. */
const costs: MoveCosts = {
  rows: 1_000,
  rowBytes: 15_360,
  bytesPerMs: 125_000,
  rttMs: 1,
  chunkUs: 400,
  growth: 1,
}

describe('the costs of the two ways', () => {
  it('favour a copy the longer a text is and the faster the link', () => {
    expect([copyMs(costs), replayMs(costs)].map(Math.round)).toEqual([125, 400])
    const slow = { ...costs, bytesPerMs: 2_500 }
    expect(copyMs(slow)).toBeGreaterThan(replayMs(slow))
    const short = { ...costs, rows: 3, rttMs: 5 }
    expect(copyMs(short)).toBeGreaterThan(replayMs(short))
  })

  it('let the round trip bound the rate, since chunks are answered', () => {
    const far = { ...costs, rttMs: 80 }
    expect(Math.round(copyMs(far))).toBe(160 + Math.round((15_360_000 * 80) / 524_288))
  })

  it('count that later rows look back on more', () => {
    expect(replayMs({ ...costs, growth: 3 })).toBe(2 * replayMs(costs))
  })
})

it('is late after four times what it should take, and half a second', () => {
  const copy = new SeatCopy()
  expect([copy.active, copy.isLate(1e9)]).toEqual([false, false])
  copy.begin(costs, 1_000)
  const endMs = 1_000 + 500 + 4 * copyMs(costs)
  expect([copy.isLate(endMs - 1), copy.isLate(endMs + 1)]).toEqual([false, true])
  copy.excuse(900)
  expect([copy.isLate(endMs + 899), copy.isLate(endMs + 901)]).toEqual([false, true])
  copy.done(12, 40)
  expect([copy.active, copy.request, copy.rows]).toEqual([false, 12, 40])
})
