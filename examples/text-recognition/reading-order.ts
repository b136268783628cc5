/**
 * The order in which people read the lines of a page: from the top, and from the left within a row.
 *
 * @module
 */

import { distance, type Quad } from './geometry.ts'

/** Share of the lower of two lines' heights within which their middles are one row. */
const ROW_SHARE = 0.5

/** `regions` in reading order. Lines side by side are a row when their middles are at about one height. */
export function readingOrder<Region extends { readonly quad: Quad }>(
  regions: readonly Region[],
): Region[] {
  const placed = regions.map((region) => ({ region, ...place(region.quad) }))
  const sorted = placed.toSorted((a, b) => a.y - b.y)
  const rows: (typeof sorted)[] = []
  for (const line of sorted) {
    const row = rows.at(-1)
    const first = row?.[0]
    const sameRow =
      first && Math.abs(line.y - first.y) < ROW_SHARE * Math.min(line.height, first.height)
    if (row && sameRow) row.push(line)
    else rows.push([line])
  }
  return rows.flatMap((row) => row.toSorted((a, b) => a.x - b.x).map(({ region }) => region))
}

/** The middle of a quad and the length of its shorter side. */
function place(quad: Quad): { x: number; y: number; height: number } {
  const [a, b, c, d] = quad
  return {
    x: (a.x + b.x + c.x + d.x) / 4,
    y: (a.y + b.y + c.y + d.y) / 4,
    height: Math.min(distance(a, b), distance(a, d)),
  }
}
