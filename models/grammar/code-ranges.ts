/**
 * Sets of characters as ranges of code points.
 *
 * @module
 */

import { ANY_CHARACTER, type CodeRange } from './expression.ts'

/**
 * The characters that are in none of `ranges`.
 *
 * @example
 * ```ts
 * outside([[1, 0x10ffff]]) // => [[0, 0]]
 * ```
 */
export function outside(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const gaps: CodeRange[] = []
  let next = 0
  for (const [low, high] of ranges.toSorted(([a], [b]) => a - b)) {
    if (low > next) gaps.push([next, low - 1])
    next = Math.max(next, high + 1)
  }
  return inBoth([...gaps, [next, Number.POSITIVE_INFINITY]], ANY_CHARACTER)
}

/** The characters of `ranges` that are in `others` as well. */
export function inBoth(
  ranges: readonly CodeRange[],
  others: readonly CodeRange[],
): readonly CodeRange[] {
  return ranges.flatMap(([low, high]) =>
    others
      .map(([otherLow, otherHigh]) => [Math.max(low, otherLow), Math.min(high, otherHigh)] as const)
      .filter(([from, to]) => from <= to),
  )
}
