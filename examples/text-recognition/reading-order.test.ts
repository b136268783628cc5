import { describe, expect, it } from 'vitest'
import { quadOf } from './geometry.ts'
import { readingOrder } from './reading-order.ts'

function line(
  name: string,
  x: number,
  y: number,
): { name: string; quad: ReturnType<typeof quadOf> } {
  return { name, quad: quadOf({ centre: { x, y }, width: 80, height: 20, angle: 0 }) }
}

describe('readingOrder', () => {
  it('goes from the top, and from the left where lines are side by side', () => {
    const lines = [line('d', 50, 90), line('c', 250, 40), line('b', 150, 47), line('a', 50, 10)]
    expect(readingOrder(lines).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('keeps lines apart that overlap by less than half their height', () => {
    const lines = [line('low', 50, 51), line('high', 250, 40)]
    expect(readingOrder(lines).map(({ name }) => name)).toEqual(['high', 'low'])
  })

  it('takes an empty page', () => {
    expect(readingOrder([])).toEqual([])
  })
})
