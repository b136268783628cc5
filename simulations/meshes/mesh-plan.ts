/**
 * What is done to the devices of a simulated mesh, drawn from the seed.
 *
 * @module
 */

import type { MeshLiarName } from './mesh-liars.ts'
import type { NetWeather } from './mesh-net.ts'
import type { DiskState } from './sim-disk.ts'

/** What is done to one device, and when. Times in milliseconds. */
export type MeshFault = { readonly atMs: number; readonly device: number } & (
  | { readonly type: 'crash' | 'power-cut'; readonly forMs: number }
  /** It is told to end, and does. */
  | { readonly type: 'stop'; readonly forMs: number }
  | { readonly type: 'hang'; readonly forMs: number }
  /** Its clock is set, by so much beside the truth. */
  | { readonly type: 'clock'; readonly offMs: number }
  | { readonly type: 'disk'; readonly state: DiskState; readonly forMs: number }
  /** The power goes, and a bit of what lies on the disk is another one; or nothing of the epochs lies there any more. */
  | { readonly type: 'rot' | 'wipe'; readonly forMs: number }
)

/** For a while, nothing goes from some devices to others. */
export interface MeshCut {
  readonly type: 'cut'
  readonly atMs: number
  readonly forMs: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** For a while, what some devices send arrives only after it. */
export interface MeshClog extends Omit<MeshCut, 'type'> {
  readonly type: 'clog'
}

/** What people want of their devices, and when. */
export type MeshWish = { readonly atMs: number; readonly device: number } &
  /** A new device joins. */
  (
    | { readonly type: 'join' }
    /** It says that it leaves, and is gone. */
    | { readonly type: 'leave' }
    /** It says that another one is its owner; the other one says so too. */
    | { readonly type: 'bind'; readonly owner: number }
  )

export interface MeshPlan {
  /** Devices at the beginning; the first of them founds the mesh. */
  readonly devices: number
  readonly epochMs: number
  /** Epochs in which the mesh comes to have its seats, in peace; then those with weather; then those of calm. */
  readonly peaceEpochs: number
  readonly restlessEpochs: number
  readonly calmEpochs: number
  /** Devices that do not keep the rules. */
  readonly liars: ReadonlyMap<number, MeshLiarName>
  /** By how much the clock of each is quick, in millionths. */
  readonly driftPpm: readonly number[]
  readonly net: NetWeather
  readonly faults: readonly MeshFault[]
  readonly ways: readonly (MeshCut | MeshClog)[]
  readonly wishes: readonly MeshWish[]
}
