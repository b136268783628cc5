/**
 * Boxes and numbers drawn on a picture.
 *
 * @module
 */

import { distance, type Point, type Quad } from './geometry.ts'
import type { RgbImage } from './image.ts'

/** Red, green and blue, each in [0, 255]. */
export type Colour = readonly [number, number, number]

/** Colours that stand apart from one another and from paper, used in turn. */
const COLOURS: readonly Colour[] = [
  [200, 30, 60],
  [20, 110, 180],
  [10, 130, 70],
  [150, 60, 170],
  [190, 90, 0],
]
const WHITE: Colour = [255, 255, 255]

/** Digits of three columns and five rows, a row as three bits. */
const DIGITS: readonly (readonly number[])[] = [
  [7, 5, 5, 5, 7],
  [2, 6, 2, 2, 7],
  [7, 1, 7, 4, 7],
  [7, 1, 7, 1, 7],
  [5, 5, 7, 1, 1],
  [7, 4, 7, 1, 7],
  [7, 4, 7, 5, 7],
  [7, 1, 1, 1, 1],
  [7, 5, 7, 5, 7],
  [7, 5, 7, 1, 7],
]
/** Pixels of one dot of a digit. */
const DOT = 2

/** A copy of `image` with each of `quads` outlined and numbered from 1 at its first corner. */
export function drawQuads(image: RgbImage, quads: readonly Quad[]): RgbImage {
  const drawn = { ...image, pixels: Uint8Array.from(image.pixels) }
  for (const [index, quad] of quads.entries()) {
    const colour = COLOURS[index % COLOURS.length] as Colour
    for (const [at, corner] of quad.entries()) {
      drawStroke(drawn, corner, quad[(at + 1) % 4] as Point, colour)
    }
    drawNumber(drawn, index + 1, quad, colour)
  }
  return drawn
}

/** A line two pixels wide. */
function drawStroke(image: RgbImage, from: Point, to: Point, colour: Colour): void {
  const steps = Math.max(1, Math.ceil(distance(from, to)))
  for (let step = 0; step <= steps; step++) {
    const x = from.x + ((to.x - from.x) * step) / steps
    const y = from.y + ((to.y - from.y) * step) / steps
    fillSquare(image, { x: Math.round(x) - 1, y: Math.round(y) - 1 }, 2, colour)
  }
}

/** White digits on a box of `colour`, outside the quad at its first corner, moved into the picture. */
function drawNumber(image: RgbImage, value: number, quad: Quad, colour: Colour): void {
  const digits = Array.from(String(value), Number)
  const width = (digits.length * 4 + 1) * DOT
  const height = 7 * DOT
  const [corner, , opposite] = quad
  // The box touches the corner with the one of its own corners that faces the quad.
  const boxX = corner.x < opposite.x ? corner.x - width : corner.x
  const boxY = corner.y < opposite.y ? corner.y - height : corner.y
  const left = Math.round(Math.min(Math.max(0, boxX), image.width - width))
  const top = Math.round(Math.min(Math.max(0, boxY), image.height - height))
  for (let y = 0; y < 7; y++) {
    for (let x = 0; x < digits.length * 4 + 1; x++) {
      const digit = digits[Math.floor((x - 1) / 4)] ?? 0
      const row = DIGITS[digit]?.[y - 1] ?? 0
      const column = x === 0 ? 3 : (x - 1) % 4
      const lit = column < 3 && ((row >> (2 - column)) & 1) === 1
      fillSquare(image, { x: left + x * DOT, y: top + y * DOT }, DOT, lit ? WHITE : colour)
    }
  }
}

/** A square of `side` pixels, as far as it is within the picture. */
function fillSquare(image: RgbImage, corner: Point, side: number, colour: Colour): void {
  for (let y = Math.max(0, corner.y); y < Math.min(image.height, corner.y + side); y++) {
    for (let x = Math.max(0, corner.x); x < Math.min(image.width, corner.x + side); x++) {
      image.pixels.set(colour, (y * image.width + x) * 3)
    }
  }
}
