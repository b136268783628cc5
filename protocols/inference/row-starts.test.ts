import { describe, expect, it } from 'vitest'
import { RowStarts } from './row-starts.ts'

describe('where steps begin', () => {
  it('gives those that begin at a place or behind it, once', () => {
    const starts = new RowStarts()
    for (const [request, position] of [0, 4, 5, 6].entries()) starts.add(request, position)
    expect(starts.takeFrom(5)).toEqual([2, 3])
    expect(starts.takeFrom(5)).toEqual([])
    starts.add(4, 5)
    expect(starts.takeFrom(0)).toEqual([0, 1, 4])
  })

  it('finds steps that came out of order', () => {
    const starts = new RowStarts()
    for (const [request, position] of [
      [0, 0],
      [2, 8],
      [1, 4],
      [3, 8],
    ] as const) {
      starts.add(request, position)
    }
    expect(starts.takeFrom(8)).toEqual([2, 3])
    expect(starts.takeFrom(4)).toEqual([1])
  })
})
