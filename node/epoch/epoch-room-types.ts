/**
 * What the epochs of one mesh are built from.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { CutBody } from '../../protocols/epoch/index.ts'
import type { OpenLedger } from '../ledger/device-ledger.ts'
import type { HardwareFloor } from './attested-floors.ts'
import type { EpochStore } from './epoch-store.ts'
import type { SeatMemory } from './vote-keeper.ts'

export interface EpochRoomComponents {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly signer: Signer
  readonly logger: Logger
  readonly store: EpochStore
  readonly memory: SeatMemory
  readonly ledger: () => OpenLedger | undefined
  readonly credential: () => Uint8Array
  readonly isMember: (peer: PeerId) => boolean
  readonly provesMembership: (peer: PeerId, credential: Uint8Array) => boolean
  readonly publish: (topic: string, data: Uint8Array) => void
  /** Asks others for what is in a header: the proposer first. */
  readonly fetchCut: (header: Uint8Array, from: readonly PeerId[]) => Promise<CutBody | undefined>
  /** Asks others for statements by their ids, as they were gossiped. */
  readonly fetchStatements: (
    ids: readonly Uint8Array[],
    from: readonly PeerId[],
  ) => Promise<readonly Uint8Array[]>
  /** Tells whoever speaks for this device what it did; false when nobody took it. */
  readonly report: (speaker: PeerId, report: Uint8Array) => Promise<boolean>
  /** Asks a device which epochs were decided after those that are known here. */
  readonly follow: (peer: PeerId) => void
  /** What the hardware of a device is worth; undefined when no evidence was seen. */
  readonly floorOf: (device: PeerId) => HardwareFloor | undefined
  /** How much is left on the disk of the store. */
  readonly freeBytes: () => Promise<number>
  /** The disk does not do what it should: the process has to end. */
  readonly onFailure: (error: unknown) => void
  /** All that is kept has been read. */
  readonly onReady: () => void
  /** This device has said what it has to say of an epoch; others do so now. */
  readonly onSpoken: () => void
  /** An epoch was decided. */
  readonly onEpoch: () => void
}

export interface EpochRoomInit {
  readonly mesh: string
  readonly network: Uint8Array
  readonly founder: PeerId
  readonly createdMs: number
  /** The parameters of the genesis as they are encoded. */
  readonly parameters: Uint8Array
}
