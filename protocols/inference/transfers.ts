/**
 * How long each link took for one request, as far as the clocks of its stages are known.
 *
 * @module
 */

import type { Outstanding } from './requester-types.ts'
import type { Seat } from './seat.ts'
import type { Hop } from './tensor-table.ts'

/**
 * Time on each link from the requester to the first stage and so on back to the requester. A step
 * that the ring made did not come by the first of them.
 */
export function transfersOf(
  hops: readonly Hop[],
  seats: readonly Seat[],
  { sentMs, left }: Pick<Outstanding, 'sentMs' | 'left'>,
  nowMs: number,
): readonly (number | undefined)[] {
  let leftMs = left ? undefined : sentMs
  const transfers: (number | undefined)[] = []
  for (const [stage, hop] of hops.entries()) {
    const arrivedMs = seats[stage]?.ownMs(hop.arrivedMs)
    transfers.push(difference(arrivedMs, leftMs, nowMs - sentMs))
    leftMs = arrivedMs === undefined ? undefined : arrivedMs + hop.heldUs / 1000
  }
  return [...transfers, difference(nowMs, leftMs, nowMs - sentMs)]
}

/**
 * Clocks of two devices are matched to within half a round trip, and stages may say anything:
 * less than nothing means nothing, and no part takes longer than the whole.
 */
function difference(
  laterMs: number | undefined,
  beforeMs: number | undefined,
  wholeMs: number,
): number | undefined {
  if (laterMs === undefined || beforeMs === undefined) return undefined
  return Math.min(Math.max(0, laterMs - beforeMs), wholeMs)
}
