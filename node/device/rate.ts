/**
 * How often something can be done in a second.
 *
 * @module
 */

/**
 * Repeats `work` for about `ms` milliseconds and returns the rate of the fastest turn, a
 * second. The fastest, because everything that disturbs a measurement makes it slower.
 */
export function bestRate(work: () => void, ms: number): number {
  const endMs = performance.now() + ms
  let bestMs = Number.POSITIVE_INFINITY
  do {
    const startMs = performance.now()
    work()
    bestMs = Math.min(bestMs, performance.now() - startMs)
  } while (performance.now() < endMs)
  // A clock that did not move would make the rate infinite.
  return 1_000 / Math.max(bestMs, 1e-3)
}
