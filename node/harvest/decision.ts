/**
 * What the governor says at every tick: the state, the levels, and why.
 *
 * @module
 */

import type { Levels } from './levels.ts'
import type { Reason } from './reasons.ts'
import type { SignalName } from './signals.ts'

/**
 * OWNER: somebody is there, work has the small share that is allowed then.
 * COOLDOWN: nobody seems to be there, and that is being made sure.
 * HARVEST_CPU, HARVEST_FULL: nobody is there; in the second the GPU is lent too.
 * YIELD, FROZEN, DRAIN: the device is being given back, step by step.
 * GUARD: a hard limit holds (battery, heat, disk, sleep). PROBE: the self-test of isolation is due.
 * DISABLED: switched off by the owner.
 */
export const GOVERNOR_STATES = [
  'DISABLED',
  'PROBE',
  'OWNER',
  'COOLDOWN',
  'HARVEST_CPU',
  'HARVEST_FULL',
  'YIELD',
  'FROZEN',
  'DRAIN',
  'GUARD',
] as const

export type GovernorState = (typeof GOVERNOR_STATES)[number]

/**
 * How far a resource is being given back, and what an actuator does about it.
 *
 * `none`: run at the level. `yield`: announce `leaving`, stop at the next step.
 * `freeze`: stop now, keep memory. `drain`: let others take over, then exit.
 * `kill`: end what is left.
 */
export type GiveBackStep = 'none' | 'yield' | 'freeze' | 'drain' | 'kill'

export interface GiveBack {
  readonly step: GiveBackStep
  /** Since when, on the monotonic clock. */
  readonly sinceMs: number
  /** When the next, harder step follows, on the monotonic clock. */
  readonly untilMs?: number
}

export interface Decision {
  /** The monotonic clock of the sample that was decided on. */
  readonly atMs: number
  readonly wallMs: number
  readonly state: GovernorState
  /** Since when, on the monotonic clock. */
  readonly sinceMs: number
  readonly levels: Levels
  /** The CPU level as the capability record offers it: 0, 1, 2 or 4 quarters, never 0 while something is lent. */
  readonly offerQuarters: number
  /** The longest lease that is promised to others now. */
  readonly leaseMs: number
  /** Every cap below 1, the lowest first: a resource at level 0 has at least one. */
  readonly reasons: readonly Reason[]
  readonly giveBack: { readonly cpu: GiveBack; readonly gpu: GiveBack }
  /** What must be given back beyond processors: memory of the GPU, memory of the device. */
  readonly release: { readonly gpuMemory: boolean; readonly memory: boolean }
  /** Signals that could not be believed, each with why. */
  readonly distrusted: readonly { readonly signal: SignalName; readonly why: string }[]
  /** When to decide again at the latest, on the monotonic clock. */
  readonly deadlineMs: number
}
