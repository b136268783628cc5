/**
 * What every reader of signals looks like to whoever asks it.
 *
 * @module
 */

import type { Signals } from '../signals.ts'

/** Signals that one source could tell; what it leaves out it does not know. */
export type SignalValues = Partial<Signals>

/** Time between two looks, in ms. */
export interface Cadence {
  /** While work runs here, so that its owner gets the device back at once. */
  readonly workingMs: number
  /** While none does: nobody waits for anything, and looking costs something too. */
  readonly restingMs: number
}

/** Guesses count only while nobody who is exact speaks; the usual is `seen`. */
export type Certainty = 'exact' | 'seen' | 'guessed'

/** When a look is taken. */
export interface Moment {
  /** The monotonic clock, in ms. */
  readonly nowMs: number
  /** Milliseconds since the Unix epoch. */
  readonly wallMs: number
  /** True while work of ours is on the processor. */
  readonly working: boolean
}

/** Something that is looked at again and again. */
export interface SignalSource {
  /** Part of log lines and of `brume harvest status`: `linux/power-supplies`. */
  readonly name: string
  readonly cadence: Cadence
  readonly certainty?: Certainty
  /** Throws or rejects when it cannot be read. */
  read(moment: Moment): SignalValues | Promise<SignalValues>
}
