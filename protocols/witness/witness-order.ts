/**
 * Who witnesses a ledger: an order of all members that differs from ledger to ledger, and that everybody can compute.
 *
 * Rendezvous hashing (Thaler and Ravishankar, 1998): when a member comes or goes, only the
 * ledgers that it witnesses change one of their witnesses.
 *
 * @module
 */

import { compareBytes, concatBytes, utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'

/** `peers`, the first to be asked to witness the ledger with id `log` first. */
export function witnessOrder(
  sha256: Sha256,
  log: Uint8Array,
  peers: readonly PeerId[],
): readonly PeerId[] {
  const ranked = peers.map((peer) => ({ peer, rank: sha256(concatBytes([log, utf8(peer)])) }))
  return ranked.toSorted((a, b) => compareBytes(a.rank, b.rank)).map(({ peer }) => peer)
}
