/**
 * When epochs begin and end, and how long a committee waits in them.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import type { EpochTimeouts } from '../../protocols/epoch/index.ts'

/** Epochs of one length. */
export interface EpochSpan {
  /** The first of them, and when it begins, in ms since 1970. */
  readonly epoch: number
  readonly startMs: number
  readonly epochMs: number
}

/** What a mesh has agreed on about time. */
export interface EpochCalendar {
  /** In order, the first one from epoch 0 on; at least one. */
  readonly spans: readonly EpochSpan[]
}

/** Time from the end of an epoch to its cut: for statements to arrive. */
const CUT_DELAY_MS_MAX = 30_000
/** The same, of the length of an epoch. */
const CUT_DELAY_SHARE = 1 / 10
/** How long a statement has to be there before a cut that leaves it out is unfair, of the delay. */
const SETTLED_SHARE = 1 / 3
/** The least of that: what travels takes its time, however short the epochs of a mesh are. */
const SETTLED_MS_MIN = 250

/** The spans of a mesh that was founded at `createdMs`, by the epochs from which on lengths hold. */
export function spansOf(
  createdMs: number,
  lengths: readonly { readonly epoch: number; readonly epochMs: number }[],
): readonly EpochSpan[] {
  const spans: EpochSpan[] = []
  for (const { epoch, epochMs } of lengths) {
    const before = spans.at(-1)
    const fromMs =
      before === undefined ? createdMs : before.startMs + (epoch - before.epoch) * before.epochMs
    spans.push({ epoch, startMs: fromMs, epochMs })
  }
  return spans
}

/** The epoch that `wallMs` is in; negative before the mesh was founded. */
export function epochAt(calendar: EpochCalendar, wallMs: number): number {
  const span = lastSpan(calendar, (one) => one.startMs <= wallMs)
  return span.epoch + Math.floor((wallMs - span.startMs) / span.epochMs)
}

export function startMs(calendar: EpochCalendar, epoch: number): number {
  const span = spanOf(calendar, epoch)
  return span.startMs + (epoch - span.epoch) * span.epochMs
}

/** How long an epoch takes. */
export function epochMsOf(calendar: EpochCalendar, epoch: number): number {
  return spanOf(calendar, epoch).epochMs
}

/** Time from the end of an epoch to its cut. */
export function cutDelayMs(calendar: EpochCalendar, epoch: number): number {
  return Math.min(CUT_DELAY_MS_MAX, epochMsOf(calendar, epoch) * CUT_DELAY_SHARE)
}

/** From when on `epoch`, which is over, may be decided. */
export function cutDueMs(calendar: EpochCalendar, epoch: number): number {
  return startMs(calendar, epoch + 1) + cutDelayMs(calendar, epoch)
}

/** How long a statement must have been held to be missed. */
export function settledMs(calendar: EpochCalendar, epoch: number): number {
  return Math.max(SETTLED_MS_MIN, cutDelayMs(calendar, epoch) * SETTLED_SHARE)
}

/** Short epochs, of meshes for tests, wait less. */
export function timeoutsOf(calendar: EpochCalendar, epoch: number): EpochTimeouts {
  const epochMs = epochMsOf(calendar, epoch)
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

function spanOf(calendar: EpochCalendar, epoch: number): EpochSpan {
  return lastSpan(calendar, (span) => span.epoch <= epoch)
}

/** The last span for which something holds; the first, before all of them. */
function lastSpan({ spans }: EpochCalendar, holds: (span: EpochSpan) => boolean): EpochSpan {
  const span = spans.findLast(holds) ?? spans[0]
  invariant(span !== undefined, 'a calendar has a first span')
  return span
}
