/**
 * A committee has its number of seats, each of another domain that may sit, and enough of them for the anchors.
 *
 * @module
 */

import { seatCount } from '../../trust/index.ts'
import type { TrustChecker } from '../trust-scenario.ts'

export const committeesAreSeated: TrustChecker = ({ world }) => {
  return world.ends.flatMap(({ day, anchors, committee: { seats, eligible, anchorSeats } }) => {
    const strangers = seats.filter((seat) => !eligible.has(seat))
    const anchored = seats.filter((seat) => anchors.has(seat)).length
    return [
      ...(new Set(seats).size === seats.length ? [] : [`on day ${day} a domain sits twice`]),
      ...(seats.length === seatCount(eligible.size)
        ? []
        : [`on day ${day} ${seats.length} seats of ${eligible.size} domains`]),
      ...strangers.map((seat) => `on day ${day} ${seat.slice(0, 8)} sits, and may not`),
      ...(anchored >= anchorSeats ? [] : [`on day ${day} ${anchored} anchors of ${anchorSeats}`]),
    ]
  })
}
