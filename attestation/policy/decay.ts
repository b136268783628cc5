/**
 * What an appraisal is still worth when nobody renewed it.
 *
 * In whole micro-units and by a straight line, so that every peer computes the same.
 *
 * @module
 */

import { type Appraisal, BASE_MICROS } from './appraisal.ts'

/** After how many further fresh periods nothing but the word of the device is left. */
const DECAY_PERIODS = 3

/**
 * The score at `nowMs`: full while fresh, then down to the self tier within three further periods,
 * then the self tier, as long as it was above it.
 */
export function decayedMicros(appraisal: Appraisal, nowMs: number): number {
  const { scoreMicros, appraisedAtMs, freshUntilMs } = appraisal
  if (nowMs <= freshUntilMs) return scoreMicros
  const floor = Math.min(scoreMicros, BASE_MICROS.self)
  const spanMs = DECAY_PERIODS * Math.max(1, freshUntilMs - appraisedAtMs)
  const ageMs = Math.min(nowMs - freshUntilMs, spanMs)
  return scoreMicros - Math.floor(((scoreMicros - floor) * ageMs) / spanMs)
}
