/**
 * The name that a mistyped one was probably meant to be.
 *
 * @module
 */

/**
 * The nearest of `names`, or undefined when none is near: more than a third of the letters differ.
 *
 * @example
 * ```ts
 * nearestName('tcpport', ['tcpPort', 'mdns']) // => 'tcpPort'
 * nearestName('colour', ['tcpPort', 'mdns']) // => undefined
 * ```
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const wanted = name.slice(0, NAME_LENGTH_MAX).toLowerCase()
  let nearest: string | undefined
  let distanceMin = Math.floor(wanted.length / 3) + 1
  for (const candidate of names) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < distanceMin) {
      nearest = candidate
      distanceMin = distance
    }
  }
  return nearest
}

/** Letters that are compared: a longer name is no typing mistake. */
const NAME_LENGTH_MAX = 80

/** Insertions, deletions and replacements from `a` to `b` (Levenshtein, two rows). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced))
    }
    row = next
  }
  return row[b.length] ?? 0
}
