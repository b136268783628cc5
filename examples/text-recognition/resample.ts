/**
 * Pictures at another size, and quadrilaterals of a picture straightened into pictures.
 *
 * @module
 */

import type { Point, Quad } from './geometry.ts'
import type { RgbImage } from './image.ts'

/** A size in whole pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/**
 * `image` at `size`, by bilinear interpolation between pixel centres.
 *
 * The networks were trained on pictures resized in just this way (OpenCV's INTER_LINEAR).
 */
export function resize(image: RgbImage, size: Size): RgbImage {
  if (size.width === image.width && size.height === image.height) return image
  const stepX = image.width / size.width
  const stepY = image.height / size.height
  const writer = new PixelWriter(size)
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      writer.put(image, (x + 0.5) * stepX - 0.5, (y + 0.5) * stepY - 0.5)
    }
  }
  return writer.image
}

/**
 * The part of `image` within `quad`, straightened to `size`.
 *
 * Outside the picture its edge pixels go on.
 */
export function straighten(image: RgbImage, quad: Quad, size: Size): RgbImage {
  const toQuad = squareToQuad(quad)
  const writer = new PixelWriter(size)
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const point = toQuad((x + 0.5) / size.width, (y + 0.5) / size.height)
      writer.put(image, point.x - 0.5, point.y - 0.5)
    }
  }
  return writer.image
}

/**
 * The projective map that takes the unit square to `quad`, corner by corner.
 *
 * Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3.
 */
export function squareToQuad(quad: Quad): (u: number, v: number) => Point {
  const [a, b, c, d] = quad
  const dx1 = b.x - c.x
  const dx2 = d.x - c.x
  const sumX = a.x - b.x + c.x - d.x
  const dy1 = b.y - c.y
  const dy2 = d.y - c.y
  const sumY = a.y - b.y + c.y - d.y
  const area = dx1 * dy2 - dx2 * dy1
  // A quad without area has no map of its own; its edges from `a` still give one.
  const g = area === 0 ? 0 : (sumX * dy2 - dx2 * sumY) / area
  const h = area === 0 ? 0 : (dx1 * sumY - sumX * dy1) / area
  const row = (p: number, right: number, below: number): [number, number] => [
    right - p + g * right,
    below - p + h * below,
  ]
  const [xu, xv] = row(a.x, b.x, d.x)
  const [yu, yv] = row(a.y, b.y, d.y)
  return (u, v) => {
    const scale = g * u + h * v + 1
    return { x: (xu * u + xv * v + a.x) / scale, y: (yu * u + yv * v + a.y) / scale }
  }
}

/** Fills a picture pixel by pixel, in order, with interpolated pixels of others. */
class PixelWriter {
  readonly image: RgbImage
  #at = 0

  constructor(size: Size) {
    const pixels = new Uint8Array(size.width * size.height * 3)
    this.image = { width: size.width, height: size.height, pixels }
  }

  /** Appends what `source` shows at `x`, `y`, counted from the centre of its first pixel. */
  put(source: RgbImage, x: number, y: number): void {
    const left = clamp(x, source.width - 1)
    const top = clamp(y, source.height - 1)
    const x0 = Math.floor(left)
    const y0 = Math.floor(top)
    const right = Math.min(x0 + 1, source.width - 1)
    const low = Math.min(y0 + 1, source.height - 1)
    const fx = left - x0
    const fy = top - y0
    const { pixels, width } = source
    for (let channel = 0; channel < 3; channel++) {
      const sample = (px: number, py: number): number =>
        pixels[(py * width + px) * 3 + channel] as number
      const upper = sample(x0, y0) * (1 - fx) + sample(right, y0) * fx
      const lower = sample(x0, low) * (1 - fx) + sample(right, low) * fx
      this.image.pixels[this.#at++] = Math.round(upper * (1 - fy) + lower * fy)
    }
  }
}

function clamp(value: number, max: number): number {
  return Math.min(Math.max(value, 0), max)
}
