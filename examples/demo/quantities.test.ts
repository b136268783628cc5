import { describe, expect, it } from 'vitest'
import { bytesText, durationText, tableLines } from './quantities.ts'

describe('bytesText', () => {
  it('goes to the next unit before four digits', () => {
    const texts = [0, 999, 1000, 9_940, 9_960, 999_499, 999_500, 10_822_323].map(bytesText)
    expect(texts).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '9.9 kB',
      '10 kB',
      '999 kB',
      '1.0 MB',
      '11 MB',
    ])
  })
})

describe('durationText', () => {
  it('goes from milliseconds to seconds', () => {
    expect([0.04, 5.25, 41.6, 999.4, 999.5, 12_340].map(durationText)).toEqual([
      '0.0 ms',
      '5.3 ms',
      '42 ms',
      '999 ms',
      '1.0 s',
      '12 s',
    ])
  })
})

describe('tableLines', () => {
  it('aligns numbers to the right and text to the left', () => {
    expect(
      tableLines([
        ['device', 'bytes', 'note'],
        ['A', '7 B', 'ok'],
        ['B', '123 B', ''],
      ]),
    ).toEqual(['device  bytes  note', 'A         7 B  ok', 'B       123 B'])
  })

  it('is nothing without rows', () => {
    expect(tableLines([])).toEqual([])
  })
})
