/**
 * What is audited, and by whom: both follow from a beacon that nobody knew when the work was committed to.
 *
 * Spot checks after Sarmenta ("Sabotage-tolerance mechanisms for volunteer computing systems", 2002);
 * the draw is by hash, so that everybody who knows the beacon can repeat it.
 *
 * @module
 */

import { compareBytes, concatBytes, utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { COMPARED_MAX, RATE_UNIT } from './limits.ts'

/** A task, and what decides about it. */
export interface Draw {
  /** 32 bytes, from after the task was committed to. */
  readonly beacon: Uint8Array
  /** Hash of the stage receipt: 32 bytes. */
  readonly task: Uint8Array
}

/** The same for everybody who is drawn for this task: one hash a use. */
function tagged(sha256: Sha256, use: string, { beacon, task }: Draw, of: Uint8Array): Uint8Array {
  return sha256(concatBytes([utf8(`brume/audit-${use}/v1\0`), beacon, task, of]))
}

/**
 * The requests of a task that are compared, in order: each is drawn by itself, at most
 * {@link COMPARED_MAX} of them.
 *
 * @param rate - In ten-thousandths, from 0 to 10,000.
 * @returns An empty list when nothing of the task is audited.
 */
export function drawnRequests(
  sha256: Sha256,
  draw: Draw,
  { requests, rate }: { readonly requests: number; readonly rate: number },
): readonly number[] {
  const drawn: { readonly request: number; readonly rank: number }[] = []
  for (let request = 0; request < requests; request++) {
    const index = new Uint8Array(4)
    const view = new DataView(index.buffer)
    view.setUint32(0, request, true)
    const hash = tagged(sha256, 'request', draw, index)
    const bytes = new DataView(hash.buffer, hash.byteOffset)
    // 2^32 · 10^4 is below 2^53: exact.
    if (bytes.getUint32(0) * RATE_UNIT < rate * 2 ** 32) {
      drawn.push({ request, rank: bytes.getUint32(4) })
    }
  }
  return drawn
    .toSorted((a, b) => a.rank - b.rank || a.request - b.request)
    .slice(0, COMPARED_MAX)
    .map(({ request }) => request)
    .toSorted((a, b) => a - b)
}

/** `members`, the first to audit the task first. Who did or ordered it has to be left out before. */
export function auditorOrder(
  sha256: Sha256,
  draw: Draw,
  members: readonly PeerId[],
): readonly PeerId[] {
  return members
    .map((peer) => ({ peer, rank: tagged(sha256, 'auditor', draw, utf8(peer)) }))
    .toSorted((a, b) => compareBytes(a.rank, b.rank))
    .map(({ peer }) => peer)
}
