/**
 * The committee of one epoch: its seats, how many of them decide, and whose turn it is to propose.
 *
 * @module
 */

import { compareBytes, concatBytes, utf8 } from '../../core/bytes.ts'
import { encodeShape, list, type Shape } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { SEATS_MAX } from './limits.ts'

/** The devices that speak for the seated domains, by seat. */
export type Committee = readonly PeerId[]

/** How much an agreement of a committee of some size withstands. */
export type Mode =
  /** One domain says it of itself. */
  | 'solo'
  /** Two or three: crashes, but no liars. */
  | 'owner'
  /** Four or more: less than a third of liars. */
  | 'bft'

/** A committee as it travels. */
export function committeeShape(): Shape<Committee> {
  return list(peerId(), SEATS_MAX)
}

/** The hash of a committee, as headers name it. */
export function committeeRoot(sha256: Sha256, committee: Committee): Uint8Array {
  return sha256(
    concatBytes([utf8('brume/committee/v1\0'), encodeShape(committeeShape(), committee)]),
  )
}

export function modeOf(seats: number): Mode {
  invariant(seats >= 1, 'somebody decides')
  if (seats === 1) return 'solo'
  return seats < 4 ? 'owner' : 'bft'
}

/** Votes that decide: any two such sets have an honest seat in common, as far as the mode goes. */
export function quorumOf(seats: number): number {
  return seats === 3 ? 2 : Math.floor((2 * seats) / 3) + 1
}

/** Votes of which at least one is honest. */
export function honestSomeOf(seats: number): number {
  return Math.floor((seats - 1) / 3) + 1
}

/**
 * The order in which seats propose: shuffled by the beacon, those who were absent last.
 *
 * @param absent - Seats of which the last two epochs hold nothing; all seats must come to the same.
 */
export function proposerOrder(
  sha256: Sha256,
  beacon: Uint8Array,
  committee: Committee,
  absent: ReadonlySet<PeerId>,
): readonly number[] {
  const keyed = committee.map((peer, seat) => {
    const key = publicKeyOf(peer)
    invariant(key !== undefined, 'a seat is named by its key')
    return { seat, late: absent.has(peer) ? 1 : 0, lot: sha256(concatBytes([beacon, key])) }
  })
  return keyed
    .toSorted((a, b) => a.late - b.late || compareBytes(a.lot, b.lot))
    .map(({ seat }) => seat)
}
