/**
 * Whether the others can do without the seat of a device that leaves.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { type Committee, quorumOf } from '../../protocols/epoch/index.ts'

/**
 * True when some committee is one vote short without this device: its seats are drawn already, and stay so when it goes.
 *
 * @param committees - Those of the next epochs, as far as they are drawn.
 * @param near - Who is there beside it. Where too few are anyway, it changes nothing by staying.
 */
export function isSeatNeeded(
  device: PeerId,
  committees: readonly Committee[],
  near: ReadonlySet<PeerId>,
): boolean {
  return committees.some((committee) => {
    const others = committee.filter((seat) => seat !== device && near.has(seat))
    return committee.includes(device) && others.length === quorumOf(committee.length) - 1
  })
}
