/**
 * Connected areas of a mask.
 *
 * @module
 */

import type { Point } from './geometry.ts'

/** A set of pixels that touch one another by a side or a corner. */
export interface Component {
  /** Pixels in it. */
  readonly size: number
  /** Its leftmost and rightmost pixel in each row, from the top: all that its convex hull needs. */
  readonly outline: readonly Point[]
}

/** Zero and non-zero bytes, rows from the top. */
export interface Mask {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
}

const NEIGHBOURS = [-1, 0, 1]
  .flatMap((dy) => [-1, 0, 1].map((dx) => [dx, dy] as const))
  .filter(([dx, dy]) => dx !== 0 || dy !== 0)

/**
 * The connected areas of `mask`, in the order of their first pixels, at most `countMax` of them.
 *
 * Visits each pixel once; the stack holds at most the pixels of one area.
 */
export function components(mask: Mask, countMax: number): Component[] {
  const open = Uint8Array.from(mask.bytes)
  const found: Component[] = []
  for (let start = 0; start < open.length && found.length < countMax; start++) {
    if (open[start]) found.push(fill(open, mask, start))
  }
  return found
}

/** Takes the area around `start` out of `open`. */
function fill(open: Uint8Array, { width, height }: Mask, start: number): Component {
  const rows = new Map<number, { left: number; right: number }>()
  const stack = [start]
  open[start] = 0
  let size = 0
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const x = at % width
    const y = (at - x) / width
    size++
    widen(rows, x, y)
    for (const [dx, dy] of NEIGHBOURS) {
      const nx = x + dx
      const ny = y + dy
      if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue
      const next = ny * width + nx
      if (open[next]) stack.push(next)
      open[next] = 0
    }
  }
  return { size, outline: outlineOf(rows) }
}

function widen(rows: Map<number, { left: number; right: number }>, x: number, y: number): void {
  const row = rows.get(y)
  if (!row) rows.set(y, { left: x, right: x })
  else if (x < row.left) row.left = x
  else if (x > row.right) row.right = x
}

function outlineOf(rows: ReadonlyMap<number, { left: number; right: number }>): Point[] {
  const sorted = [...rows].toSorted(([a], [b]) => a - b)
  return sorted.flatMap(([y, { left, right }]) =>
    left === right
      ? [{ x: left, y }]
      : [
          { x: left, y },
          { x: right, y },
        ],
  )
}
