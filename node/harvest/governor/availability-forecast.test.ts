import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../core/random.ts'
import type { Decision } from '../decision.ts'
import { AvailabilityForecast } from './availability-forecast.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** 2026-01-05, 00:00 UTC: a Monday. */
const MONDAY_MS = Date.UTC(2026, 0, 5)

const decisionAt = (minute: number, cpu: number) =>
  ({ wallMs: MONDAY_MS + minute * MINUTE_MS, levels: { cpu } }) as Decision

/** Somebody is there from 9 to 17 on every day. */
const habit = (minute: number): number => {
  const hour = (minute % DAY_MINUTES) / 60
  return hour >= 9 && hour < 17 ? 0.25 : 1
}

function learned(days: number): AvailabilityForecast {
  const forecast = new AvailabilityForecast()
  for (let minute = 0; minute < days * DAY_MINUTES; minute++) {
    forecast.observe(decisionAt(minute, habit(minute)), 0)
  }
  return forecast
}

describe('a forecast', () => {
  const forecast = learned(56)
  const at = (hour: number) => forecast.stay(decisionAt(56 * DAY_MINUTES + hour * 60, 1), 0)

  it('knows that a night goes on, and that a morning ends', () => {
    expect(at(2).map((share) => share > 0.9)).toEqual([true, true, true])
    const [five, fifteen, sixty] = at(8)
    expect(five).toBeGreaterThan(0.8)
    expect(fifteen).toBeGreaterThan(0.6)
    expect(sixty).toBeLessThan(0.25)
  })

  it('is nothing while somebody is there', () => {
    expect(forecast.stay(decisionAt(56 * DAY_MINUTES, 0.25), 0)).toEqual([0, 0, 0])
  })

  it('is kept over restarts, and begun anew from bytes that are none of it', () => {
    const again = new AvailabilityForecast(forecast.bytes)
    expect(again.bytes).toEqual(forecast.bytes)
    expect(new AvailabilityForecast(Uint8Array.of(1, 2)).bytes).toEqual(
      new AvailabilityForecast().bytes,
    )
  })

  it('takes a clock that was set for the end of what went on', () => {
    const fresh = new AvailabilityForecast()
    fresh.observe(decisionAt(0, 1), 0)
    fresh.observe(decisionAt(600, 1), 0)
    expect(fresh.bytes).toEqual(new AvailabilityForecast().bytes)
  })
})

describe('what is published of it', () => {
  it('is quarters, renewed at most every quarter of an hour', () => {
    const forecast = learned(7)
    const random = SeededRandom.fromInteger(1)
    const told = Array.from({ length: 120 }, (_, minute) =>
      forecast.published(decisionAt(7 * DAY_MINUTES + 60 + minute, 1), 0, random),
    )

    expect(told.flat().every((quarter) => [0, 1, 2, 3, 4].includes(quarter))).toBe(true)
    const renewals = told.filter((shares, minute) => shares !== told[minute - 1])
    expect(renewals.length).toBeGreaterThanOrEqual(6)
    expect(renewals.length).toBeLessThanOrEqual(8)
  })

  it('differs from draw to draw, and is right on average', () => {
    const forecast = new AvailabilityForecast()
    const random = SeededRandom.fromInteger(2)
    const draws = Array.from(
      { length: 400 },
      (_, day) => forecast.published(decisionAt(day * DAY_MINUTES, 1), 0, random)[0],
    )
    const mean = draws.reduce((sum, quarter) => sum + quarter, 0) / draws.length / 4
    expect(mean).toBeCloseTo(0.5, 1)
  })
})
