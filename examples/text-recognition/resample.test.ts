import { describe, expect, it } from 'vitest'
import type { Quad } from './geometry.ts'
import { halfTurn, type RgbImage } from './image.ts'
import { resize, squareToQuad, straighten } from './resample.ts'

const WHOLE: Quad = [
  { x: 0, y: 0 },
  { x: 3, y: 0 },
  { x: 3, y: 2 },
  { x: 0, y: 2 },
]

/** A 3 by 2 picture of six greys. */
function greys(...values: number[]): RgbImage {
  return { width: 3, height: 2, pixels: Uint8Array.from(values.flatMap((v) => [v, v, v])) }
}

const PICTURE = greys(0, 50, 100, 150, 200, 250)

describe('resize', () => {
  it('gives the same picture at the same size', () => {
    expect(resize(PICTURE, { width: 3, height: 2 })).toBe(PICTURE)
  })

  it('mixes neighbours by their distance and repeats the edge', () => {
    const wide = resize(
      { width: 2, height: 1, pixels: Uint8Array.of(0, 0, 0, 100, 100, 100) },
      { width: 4, height: 1 },
    )
    expect(wide.pixels.filter((_, at) => at % 3 === 0)).toEqual(Uint8Array.of(0, 25, 75, 100))
  })
})

describe('straighten', () => {
  it('gives the same picture for its own corners', () => {
    expect(straighten(PICTURE, WHOLE, { width: 3, height: 2 })).toEqual(PICTURE)
  })

  it('turns the picture when the corners begin at the bottom right', () => {
    const [a, b, c, d] = WHOLE
    expect(straighten(PICTURE, [c, d, a, b], { width: 3, height: 2 })).toEqual(halfTurn(PICTURE))
  })

  it('cuts a part out', () => {
    const part: Quad = [
      { x: 1, y: 0 },
      { x: 3, y: 0 },
      { x: 3, y: 1 },
      { x: 1, y: 1 },
    ]
    const cut = straighten(PICTURE, part, { width: 2, height: 1 })
    expect([...cut.pixels]).toEqual([50, 50, 50, 100, 100, 100])
  })
})

describe('squareToQuad', () => {
  it('takes the corners of the square to those of a quad without parallel sides', () => {
    const quad: Quad = [
      { x: 1, y: 2 },
      { x: 9, y: 1 },
      { x: 7, y: 8 },
      { x: 2, y: 5 },
    ]
    const map = squareToQuad(quad)
    const corners = [map(0, 0), map(1, 0), map(1, 1), map(0, 1)]
    const rounded = corners.map(({ x, y }) => ({ x: +x.toFixed(9), y: +y.toFixed(9) }))
    expect(rounded).toEqual(quad)
  })
})
