/**
 * Where the beacon comes from that decides what is audited: from an epoch after the work was settled, where the
 * mesh certifies epochs, and from this device itself where it does not.
 *
 * A device that draws alone still cannot be predicted by those who work for it; only others cannot
 * check its draw, so that such verdicts count for nobody else.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import type { SignedReceipt } from '../../protocols/inference/index.ts'

/** What decides about tasks that were settled before. */
export interface Beacon {
  /** Undefined for one that this device drew. */
  readonly epoch: number | undefined
  /** 32 bytes. */
  readonly value: Uint8Array
}

/** Beacons as they become known, and what else epochs do for audits. */
export interface BeaconSource {
  /** The latest epoch's; undefined where epochs are not certified. */
  latest(): Beacon | undefined
  /** Whose verdicts about a task count for others when the beacon of `epoch` draws, the first first. */
  drawn(epoch: number, task: Uint8Array, parties: readonly PeerId[]): readonly PeerId[]
  /** Who owns a device, as far as is known: itself, where nobody else does. */
  ownerOf(device: PeerId): PeerId
  /** Tells all members how an audit ended. */
  tell(receipt: SignedReceipt, verdicts: readonly SignedRecord[]): void
}
