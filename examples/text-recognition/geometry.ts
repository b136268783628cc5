/**
 * Points, convex hulls and the smallest rectangle around them.
 *
 * Coordinates are pixels, x to the right and y down, so that positive angles
 * turn clockwise on the screen.
 *
 * @module
 */

/** A place on a picture, in pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A rectangle that may be turned. */
export interface Rectangle {
  readonly centre: Point
  /** Length along the direction of `angle`, in pixels. */
  readonly width: number
  /** Length across it, in pixels. */
  readonly height: number
  /** Direction of the width in radians, from −π/4 up to but not including π/4. */
  readonly angle: number
}

/** Four corners in the order of a page: top left, top right, bottom right, bottom left. */
export type Quad = readonly [Point, Point, Point, Point]

/**
 * The corners of the convex hull of `points`, without points on its edges (Andrew's monotone chain).
 *
 * The order turns clockwise on the screen. One point for points that are all equal, two for a line.
 */
export function convexHull(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.x - b.x || a.y - b.y)
  const lower = halfHull(sorted)
  const upper = halfHull(sorted.toReversed())
  const hull = [...lower.slice(0, -1), ...upper.slice(0, -1)]
  return hull.length > 0 ? hull : sorted.slice(0, 1)
}

/**
 * The rectangle of least area around `points`, by rotating calipers.
 *
 * Such a rectangle has a side on an edge of the hull (Freeman and Shapira, 1975),
 * and the three points that bound it move on around the hull as that edge does,
 * so the whole search is linear in the hull.
 *
 * @throws {RangeError} when there is no point.
 */
export function minimumRectangle(points: readonly Point[]): Rectangle {
  const hull = convexHull(points)
  if (hull.length === 0) throw new RangeError('expected at least one point')
  if (hull.length < 3) return lineRectangle(pick(hull, 0), pick(hull, 1))
  const calipers = { far: 1, high: 1, near: 1 }
  let best: Rectangle | undefined
  for (let edge = 0; edge < hull.length; edge++) {
    const found = edgeRectangle(hull, edge, calipers)
    if (!best || found.width * found.height < best.width * best.height) best = found
  }
  return upright(best as Rectangle)
}

/**
 * The corners of `rectangle`.
 *
 * @example
 * ```ts
 * quadOf({ centre: { x: 2, y: 1 }, width: 4, height: 2, angle: 0 })[2] // => { x: 4, y: 2 }
 * ```
 */
export function quadOf(rectangle: Rectangle): Quad {
  const { centre, width, height, angle } = rectangle
  const along = { x: (Math.cos(angle) * width) / 2, y: (Math.sin(angle) * width) / 2 }
  const down = { x: (-Math.sin(angle) * height) / 2, y: (Math.cos(angle) * height) / 2 }
  const corner = (right: 1 | -1, below: 1 | -1): Point => ({
    x: centre.x + right * along.x + below * down.x,
    y: centre.y + right * along.y + below * down.y,
  })
  return [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)]
}

/** Distance from `a` to `b` in pixels. */
export function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y)
}

function halfHull(sorted: readonly Point[]): Point[] {
  const chain: Point[] = []
  for (const point of sorted) {
    while (chain.length > 1 && turn(pick(chain, -2), pick(chain, -1), point) <= 0) chain.pop()
    const last = chain.at(-1)
    if (!last || last.x !== point.x || last.y !== point.y) chain.push(point)
  }
  return chain
}

/** Twice the area of the triangle: positive when a → b → c turns clockwise on the screen. */
function turn(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

/** Indices of the hull points farthest along an edge, away from it, and back along it. */
interface Calipers {
  far: number
  high: number
  near: number
}

/** The rectangle with a side on edge number `edge`; moves `calipers` on to the points that bound it. */
function edgeRectangle(hull: readonly Point[], edge: number, calipers: Calipers): Rectangle {
  const from = pick(hull, edge)
  const to = pick(hull, edge + 1)
  const length = distance(from, to)
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length }
  const across = { x: -along.y, y: along.x }
  calipers.far = climb(hull, Math.max(calipers.far, edge + 1), along)
  calipers.high = climb(hull, Math.max(calipers.high, calipers.far), across)
  calipers.near = climb(hull, Math.max(calipers.near, calipers.high), {
    x: -along.x,
    y: -along.y,
  })
  const right = dot(pick(hull, calipers.far), along)
  const left = dot(pick(hull, calipers.near), along)
  const bottom = dot(pick(hull, calipers.high), across)
  const top = dot(from, across)
  const middle = { along: (left + right) / 2, across: (top + bottom) / 2 }
  return {
    centre: {
      x: middle.along * along.x + middle.across * across.x,
      y: middle.along * along.y + middle.across * across.y,
    },
    width: right - left,
    height: bottom - top,
    angle: Math.atan2(along.y, along.x),
  }
}

/** The first hull point, from `start` on, after which the next one lies no further in `direction`. */
function climb(hull: readonly Point[], start: number, direction: Point): number {
  let at = start
  const end = start + hull.length
  while (at < end && dot(pick(hull, at + 1), direction) > dot(pick(hull, at), direction)) at++
  return at
}

function lineRectangle(from: Point, to: Point): Rectangle {
  return upright({
    centre: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 },
    width: distance(from, to),
    height: 0,
    angle: Math.atan2(to.y - from.y, to.x - from.x),
  })
}

/** The same rectangle, with the side nearest to level as its width. */
function upright(rectangle: Rectangle): Rectangle {
  const quarters = Math.floor(rectangle.angle / (Math.PI / 2) + 0.5)
  const angle = rectangle.angle - quarters * (Math.PI / 2)
  if (quarters % 2 === 0) return { ...rectangle, angle }
  return { ...rectangle, width: rectangle.height, height: rectangle.width, angle }
}

function dot(point: Point, direction: Point): number {
  return point.x * direction.x + point.y * direction.y
}

/** The element at `index`, going round the list. */
function pick(points: readonly Point[], index: number): Point {
  return points[((index % points.length) + points.length) % points.length] as Point
}
