/**
 * From the detection network's map of text to rectangles around lines of text.
 *
 * The network (DB, Liao et al. 2020, "Real-time Scene Text Detection with
 * Differentiable Binarization") marks a shrunken kernel of each line: section
 * 3.5 cuts the map at a threshold, puts a rectangle around each connected area
 * and grows it back by area · ratio / perimeter.
 *
 * @module
 */

import { components } from './components.ts'
import { minimumRectangle, quadOf, type Quad, type Rectangle } from './geometry.ts'
import { REGIONS_MAX } from './limits.ts'
import type { Size } from './resample.ts'

/** How likely each pixel is within the kernel of a line, rows from the top, in [0, 1]. */
export interface TextMap extends Size {
  readonly values: Float32Array
}

/** A line of text on a picture. */
export interface TextRegion {
  /** Its corners in the direction of a page: the text runs from the first to the second, or upside down. */
  readonly quad: Quad
  /** Mean of the map within the kernel, in [0, 1]. */
  readonly score: number
}

export interface RegionInit {
  /** A pixel is text above this value of the map. PaddleOCR: 0.3. */
  readonly threshold: number
  /** Regions below this score are dropped. PaddleOCR: 0.6. */
  readonly scoreMin: number
  /** How far kernels grow. PaddleOCR: 1.5. */
  readonly growth: number
  /** Kernels with a shorter side below this many pixels are dropped. PaddleOCR: 3. */
  readonly sideMin: number
}

/** A region this much taller than wide holds text that runs down or up. */
const TALL = 1.5

/** The lines of text that `map` shows, on the picture of size `target` that it was made from. */
export function textRegions(map: TextMap, target: Size, init: RegionInit): TextRegion[] {
  const bytes = new Uint8Array(map.values.length)
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (map.values[at] as number) > init.threshold ? 1 : 0
  }
  const regions: TextRegion[] = []
  for (const { outline } of components({ ...map, bytes }, REGIONS_MAX)) {
    const kernel = minimumRectangle(outline)
    if (Math.min(kernel.width, kernel.height) < init.sideMin) continue
    const score = meanWithin(map, kernel)
    if (score < init.scoreMin) continue
    regions.push({ quad: readingQuad(grown(kernel, init.growth), map, target), score })
  }
  return regions
}

/**
 * `kernel`, each side moved out by area · ratio / perimeter.
 *
 * PaddleOCR moves the sides out with round corners and then takes the smallest
 * rectangle around the result: that is this rectangle.
 *
 * @example
 * ```ts
 * grown({ centre: { x: 0, y: 0 }, width: 30, height: 10, angle: 0 }, 1.6).width // => 42
 * ```
 */
export function grown(kernel: Rectangle, ratio: number): Rectangle {
  const { width, height } = kernel
  const outwards = (width * height * ratio) / (2 * (width + height))
  return { ...kernel, width: width + 2 * outwards, height: height + 2 * outwards }
}

/** Mean of the map over the pixels whose centres lie within `rectangle`; 0 when none does. */
export function meanWithin(map: TextMap, rectangle: Rectangle): number {
  const { centre, angle } = rectangle
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  // Corners of the outline are pixel centres themselves: let rounding not push them out.
  const halfWidth = rectangle.width / 2 + 1e-6
  const halfHeight = rectangle.height / 2 + 1e-6
  const corners = quadOf(rectangle)
  const columns = range(
    corners.map((corner) => corner.x),
    map.width,
  )
  const rows = range(
    corners.map((corner) => corner.y),
    map.height,
  )
  let sum = 0
  let count = 0
  for (let y = rows.from; y <= rows.to; y++) {
    for (let x = columns.from; x <= columns.to; x++) {
      const dx = x - centre.x
      const dy = y - centre.y
      if (Math.abs(dx * cos + dy * sin) > halfWidth) continue
      if (Math.abs(dy * cos - dx * sin) > halfHeight) continue
      sum += map.values[y * map.width + x] as number
      count++
    }
  }
  return count === 0 ? 0 : sum / count
}

/** Whole numbers within [0, size) that `values` span, one more at either end. */
function range(values: readonly number[], size: number): { from: number; to: number } {
  return {
    from: Math.max(0, Math.floor(Math.min(...values))),
    to: Math.min(size - 1, Math.ceil(Math.max(...values))),
  }
}

/** The corners on the picture, turned so that the text runs along the longer side. */
function readingQuad(rectangle: Rectangle, map: Size, target: Size): Quad {
  const scale = { x: target.width / map.width, y: target.height / map.height }
  // A pixel's centre is at half a pixel on the picture.
  const [a, b, c, d] = quadOf(rectangle).map(({ x, y }) => ({
    x: (x + 0.5) * scale.x,
    y: (y + 0.5) * scale.y,
  })) as unknown as Quad
  return rectangle.height >= TALL * rectangle.width ? [b, c, d, a] : [a, b, c, d]
}
