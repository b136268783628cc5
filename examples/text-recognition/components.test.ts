import { describe, expect, it } from 'vitest'
import { components, type Mask } from './components.ts'

function mask(...rows: string[]): Mask {
  const bytes = Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0))
  return { width: rows[0]?.length ?? 0, height: rows.length, bytes }
}

describe('components', () => {
  it('joins pixels that touch by a corner and parts those that do not', () => {
    expect(components(mask('#..##', '.#...', '.....'), 9)).toEqual([
      {
        size: 2,
        outline: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
      {
        size: 2,
        outline: [
          { x: 3, y: 0 },
          { x: 4, y: 0 },
        ],
      },
    ])
  })

  it('does not join the end of a row with the start of the next', () => {
    expect(components(mask('..#', '#..'), 9).map(({ size }) => size)).toEqual([1, 1])
  })

  it('outlines a ring by its ends in each row', () => {
    expect(components(mask('###', '#.#', '###'), 9)).toEqual([
      {
        size: 8,
        outline: [0, 1, 2].flatMap((y) => [
          { x: 0, y },
          { x: 2, y },
        ]),
      },
    ])
  })

  it('stops at the limit', () => {
    expect(components(mask('#.#.#'), 2)).toHaveLength(2)
  })
})
