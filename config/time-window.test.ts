import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minutesLeft, minutesUntil, parseTimeWindow } from './time-window.ts'

const MONDAY = 0
const SATURDAY = 5 * 1_440

describe('a time window', () => {
  it.each([
    ['22:00-07:00', { days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 1_320, lengthMinutes: 540 }],
    ['fri-mon 00:00-24:00', { days: [4, 5, 6, 0], fromMinute: 0, lengthMinutes: 1_440 }],
    ['sat 10:00-12:30', { days: [5], fromMinute: 600, lengthMinutes: 150 }],
  ])('%s is read', (text, window) => {
    expect(parseTimeWindow(text)).toEqual(window)
  })

  it.each([
    '',
    '22:00',
    '24:00-07:00',
    '10:00-24:01',
    'monday 10:00-12:00',
    'xyz 10:00-12:00',
    '1:00-2:00',
  ])('"%s" is none', (text) => {
    expect(parseTimeWindow(text)).toBeUndefined()
  })

  it('reaches into the next day, and over the end of the week', () => {
    const night = parseTimeWindow('sun 22:00-07:00')

    expect(minutesLeft(night, MONDAY + 60)).toBe(360)
    expect(minutesLeft(night, SATURDAY)).toBe(0)
  })

  it('either is open or begins within a week', () => {
    const text = fc.constantFrom('22:00-07:00', 'mon-fri 08:00-17:00', 'sun 00:00-24:00')
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 7 * 1_440 - 1 }), (written, minute) => {
        const window = parseTimeWindow(written)
        if (window === undefined) return false
        const until = minutesUntil(window, minute)
        return minutesLeft(window, minute) > 0 === (until === 0) && until <= 7 * 1_440
      }),
    )
  })
})
