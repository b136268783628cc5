/**
 * When epochs begin and end, and how long a committee waits in them.
 *
 * @module
 */

import type { EpochTimeouts } from '../../protocols/epoch/index.ts'

/** What the genesis of a mesh says about time. */
export interface EpochCalendar {
  /** When epoch 0 began, in ms since 1970. */
  readonly createdMs: number
  readonly epochMs: number
}

/** Time from the end of an epoch to its cut: for statements to arrive. */
const CUT_DELAY_MS_MAX = 30_000
/** The same, of the length of an epoch. */
const CUT_DELAY_SHARE = 1 / 10
/** How long a statement has to be there before a cut that leaves it out is unfair, of the delay. */
const SETTLED_SHARE = 1 / 3

/** The epoch that `wallMs` is in; negative before the mesh was founded. */
export function epochAt({ createdMs, epochMs }: EpochCalendar, wallMs: number): number {
  return Math.floor((wallMs - createdMs) / epochMs)
}

export function startMs({ createdMs, epochMs }: EpochCalendar, epoch: number): number {
  return createdMs + epoch * epochMs
}

export function cutDelayMs({ epochMs }: EpochCalendar): number {
  return Math.min(CUT_DELAY_MS_MAX, epochMs * CUT_DELAY_SHARE)
}

/** From when on `epoch`, which is over, may be decided. */
export function cutDueMs(calendar: EpochCalendar, epoch: number): number {
  return startMs(calendar, epoch + 1) + cutDelayMs(calendar)
}

/** How long a statement must have been held to be missed. */
export function settledMs(calendar: EpochCalendar): number {
  return cutDelayMs(calendar) * SETTLED_SHARE
}

/** Short epochs, of meshes for tests, wait less. */
export function timeoutsOf({ epochMs }: EpochCalendar): EpochTimeouts {
  const share = (part: number, least: number, most: number): number =>
    Math.round(Math.min(most, Math.max(least, epochMs * part)))
  return {
    proposeMs: share(1 / 8, 500, 3_000),
    proposeGrowthMs: share(1 / 16, 250, 1_500),
    voteMs: share(1 / 20, 200, 1_000),
    voteGrowthMs: share(1 / 40, 100, 500),
    repeatMs: share(1 / 12, 300, 2_000),
  }
}
