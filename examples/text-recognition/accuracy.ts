/**
 * How much of a text was read.
 *
 * @module
 */

/** Words that were to be read, and how many of them were. */
export interface WordAccuracy {
  readonly expected: number
  readonly found: number
  /** Expected words that were not read, in their order. */
  readonly missed: readonly string[]
}

/**
 * Counts the words of `expected` that are among those of `read`, each word of `read` once.
 *
 * The order of lines does not count: a page with text at angles has none that all agree on.
 *
 * @example
 * ```ts
 * wordAccuracy(['to be', 'or not to be'], ['or not', 'to bee'])
 * // => { expected: 6, found: 3, missed: ['be', 'to', 'be'] }
 * ```
 */
export function wordAccuracy(expected: readonly string[], read: readonly string[]): WordAccuracy {
  const left = new Map<string, number>()
  for (const word of wordsOf(read)) left.set(word, (left.get(word) ?? 0) + 1)
  const wanted = wordsOf(expected)
  const missed = wanted.filter((word) => {
    const count = left.get(word) ?? 0
    left.set(word, count - 1)
    return count <= 0
  })
  return { expected: wanted.length, found: wanted.length - missed.length, missed }
}

function wordsOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(/\s+/u)).filter((word) => word !== '')
}
