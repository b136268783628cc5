/**
 * Notices when work starts and stops too often, and asks for patience.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'

export interface FlapState {
  /** Stops of late; half of them are forgotten within an hour. */
  readonly stops: number
}

export const NO_FLAPS: FlapState = { stops: 0 }

const HALF_LIFE_MS = 3_600_000
/** Waiting times grow at most by this; the policy bounds them further. */
const PATIENCE_MAX = 16

export function stepFlaps(state: FlapState, stopped: boolean, elapsedMs: number): FlapState {
  if (state.stops === 0 && !stopped) return state
  const stops = state.stops * 0.5 ** (elapsedMs / HALF_LIFE_MS) + (stopped ? 1 : 0)
  return { stops: stops < 0.01 ? 0 : stops }
}

/** What waiting times are multiplied with: it doubles with each time that the limit is reached. */
export function patience({ stops }: FlapState, { flapStopsPerHourMax }: HarvestPolicy): number {
  return Math.min(PATIENCE_MAX, 2 ** Math.floor(stops / flapStopsPerHourMax))
}
