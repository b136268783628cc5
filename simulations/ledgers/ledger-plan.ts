/**
 * What devices with ledgers do for one another, and what is done to them, drawn from the seed.
 *
 * @module
 */

import type { MeshClog, MeshCut } from '../meshes/mesh-plan.ts'
import type { NetWeather } from '../meshes/mesh-net.ts'
import type { DiskState } from '../meshes/sim-disk.ts'
import type { LedgerLiarName } from './ledger-liars.ts'

/** What is done to one device, and when. Times in milliseconds. */
export type LedgerFault = { readonly atMs: number; readonly device: number } & (
  | { readonly type: 'crash' | 'power-cut'; readonly forMs: number }
  /** The process ends in the middle of the next write, or when it is on the disk and before anybody is told. */
  | { readonly type: 'crash-in-write'; readonly moment: 'during' | 'after'; readonly forMs: number }
  | { readonly type: 'stop'; readonly forMs: number }
  | { readonly type: 'hang'; readonly forMs: number }
  /** Its clock is set, by so much beside the truth. */
  | { readonly type: 'clock'; readonly offMs: number }
  | { readonly type: 'disk'; readonly state: DiskState; readonly forMs: number }
  /** The power goes, and a bit on its disks is another one; or nothing of its ledger lies there any more. */
  | { readonly type: 'rot' | 'wipe'; readonly forMs: number }
  /** Somebody copies its folders now and puts them back later, while it does not run. */
  | { readonly type: 'restore'; readonly laterMs: number; readonly forMs: number }
)

export type LedgerFaultKind = LedgerFault['type']

/** One device works for another. */
export interface DealPlan {
  readonly atMs: number
  readonly requester: number
  readonly provider: number
  readonly mode: 'simple' | 'stream'
  readonly steps: number
  readonly stepMs: number
  /** Tokens of a step. */
  readonly rows: number
}

export interface LedgerPlan {
  /** Devices at the beginning. Trust starts at the first of them. */
  readonly devices: number
  readonly anchors: number
  readonly epochMs: number
  /** How long there is trouble, and how long it is calm afterwards. */
  readonly restlessMs: number
  readonly calmMs: number
  readonly liars: ReadonlyMap<number, LedgerLiarName>
  readonly driftPpm: readonly number[]
  readonly net: NetWeather
  readonly faults: readonly LedgerFault[]
  readonly ways: readonly (MeshCut | MeshClog)[]
  readonly deals: readonly DealPlan[]
}
