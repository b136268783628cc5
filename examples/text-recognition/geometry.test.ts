import { array, assert, integer, property, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convexHull, minimumRectangle, quadOf, type Point } from './geometry.ts'

const point = record({ x: integer({ min: 0, max: 99 }), y: integer({ min: 0, max: 99 }) })
const cloud = array(point, { minLength: 1, maxLength: 40 })

/** Area of the smallest rectangle with a side on a line through any two points. */
function bruteArea(points: readonly Point[]): number {
  let least = Infinity
  for (const a of points) {
    for (const b of points) {
      const length = Math.hypot(b.x - a.x, b.y - a.y)
      if (length > 0) least = Math.min(least, areaAlong(points, a, b))
    }
  }
  return least === Infinity ? 0 : least
}

function areaAlong(points: readonly Point[], a: Point, b: Point): number {
  const angle = Math.atan2(b.y - a.y, b.x - a.x)
  const along = points.map(({ x, y }) => x * Math.cos(angle) + y * Math.sin(angle))
  const across = points.map(({ x, y }) => y * Math.cos(angle) - x * Math.sin(angle))
  return span(along) * span(across)
}

function span(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values)
}

describe('convexHull', () => {
  it('keeps the corners only, in clockwise order', () => {
    const square = [0, 1, 2].flatMap((x) => [0, 1, 2].map((y) => ({ x, y })))
    expect(convexHull(square)).toEqual([
      { x: 0, y: 0 },
      { x: 2, y: 0 },
      { x: 2, y: 2 },
      { x: 0, y: 2 },
    ])
  })

  it('is one point for equal points and two for a line', () => {
    expect(
      convexHull([
        { x: 3, y: 4 },
        { x: 3, y: 4 },
      ]),
    ).toEqual([{ x: 3, y: 4 }])
    expect(
      convexHull([
        { x: 0, y: 0 },
        { x: 2, y: 2 },
        { x: 1, y: 1 },
      ]),
    ).toEqual([
      { x: 0, y: 0 },
      { x: 2, y: 2 },
    ])
  })
})

describe('minimumRectangle', () => {
  it('has the area that trying every pair of points finds', () => {
    assert(
      property(cloud, (points) => {
        const { width, height } = minimumRectangle(points)
        expect(width * height).toBeCloseTo(bruteArea(points), 6)
      }),
    )
  })

  it('holds every point', () => {
    assert(
      property(cloud, (points) => {
        const { centre, width, height, angle } = minimumRectangle(points)
        for (const { x, y } of points) {
          const dx = x - centre.x
          const dy = y - centre.y
          const along = Math.abs(dx * Math.cos(angle) + dy * Math.sin(angle))
          const across = Math.abs(dy * Math.cos(angle) - dx * Math.sin(angle))
          expect(along).toBeLessThanOrEqual(width / 2 + 1e-9)
          expect(across).toBeLessThanOrEqual(height / 2 + 1e-9)
        }
      }),
    )
  })

  it('lies no more than an eighth of a turn off level', () => {
    assert(
      property(cloud, (points) => {
        expect(Math.abs(minimumRectangle(points).angle)).toBeLessThanOrEqual(Math.PI / 4 + 1e-9)
      }),
    )
  })

  it('finds a square on its tip', () => {
    const tips = [
      { x: 1, y: 0 },
      { x: 2, y: 1 },
      { x: 1, y: 2 },
      { x: 0, y: 1 },
    ]
    const { centre, width, height } = minimumRectangle(tips)
    expect([centre.x, centre.y, width, height].map((value) => value.toFixed(6))).toEqual([
      '1.000000',
      '1.000000',
      '1.414214',
      '1.414214',
    ])
  })

  it('needs a point', () => {
    expect(() => minimumRectangle([])).toThrow(RangeError)
  })
})

describe('quadOf', () => {
  it('starts at the top left and goes on clockwise', () => {
    expect(quadOf({ centre: { x: 5, y: 5 }, width: 4, height: 2, angle: 0 })).toEqual([
      { x: 3, y: 4 },
      { x: 7, y: 4 },
      { x: 7, y: 6 },
      { x: 3, y: 6 },
    ])
  })
})
