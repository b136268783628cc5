/**
 * What is asked of the placement, and what is read of devices for it.
 *
 * @module
 */

import type { Tier } from '../../../attestation/index.ts'
import type { PeerId } from '../../../core/ids.ts'
import type { CapabilityRecord } from '../../../protocols/presence/index.ts'
import type { Provider } from '../../runtime/provider.ts'
import type { PlacementObjective } from '../placement/plan.ts'
import type { WireWish } from './wire-choice.ts'

/** What every device that takes a stage must be. */
export interface Requirements {
  /** By evidence that this device has seen itself: what a record says counts for nothing. */
  readonly tier?: Tier | undefined
  /** A certified score at least, in [0, 1]. */
  readonly score?: number | undefined
}

/** What a job asks of the placement. */
export interface PlanWish {
  readonly stages: 'auto' | number
  readonly replicas: 'auto' | number
  readonly objective: PlacementObjective
  readonly wire: WireWish
  readonly provider: 'auto' | Provider
  readonly requirements?: Requirements | undefined
  readonly inputs: number
  /** Elements of one input, as a multiple of the sample with which costs were measured. */
  readonly scale: number
  /** A text: the stages keep keys and values for so many tokens. */
  readonly text?: { readonly positions: number }
  /** The numeric class that a text was begun in, which devices of a plan are to be of where they can. */
  readonly numericClass?: string | undefined
  /** The only layers before which the model may be cut, ascending. */
  readonly cuts?: readonly number[]
  /** True for a text that rather waits for memory which others have than goes nowhere. */
  readonly waits?: boolean
  /** Devices that are not to be chosen, whatever else they are, and why. */
  readonly avoid?: ReadonlyMap<PeerId, string>
}

/** What the planner reads of a capability record. */
export type PlannedDevice = Pick<
  CapabilityRecord,
  | 'peer'
  | 'name'
  | 'providers'
  | 'speeds'
  | 'levelQuarters'
  | 'leaseMs'
  | 'forecast'
  | 'memoryFreeBytes'
  | 'holdings'
  | 'paces'
  | 'streams'
  | 'textMebibytes'
  | 'tier'
  | 'numericClass'
>
