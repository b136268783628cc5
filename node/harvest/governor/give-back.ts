/**
 * Giving a resource back, in steps that grow harder: ask, freeze, let others take over, end.
 *
 * Freezing comes before draining because it is instant and can be undone: somebody
 * who only touched the mouse costs nothing. Memory follows on its own timers.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'
import type { GiveBack } from '../decision.ts'
import type { WorkHere } from '../signals.ts'

export interface GiveBackTick {
  readonly nowMs: number
  readonly level: number
  /** What of the resource work still holds. */
  readonly work: WorkHere['cpu']
  readonly interactive: boolean
  readonly policy: HarvestPolicy
}

export interface GiveBackState extends GiveBack {
  /** When the level fell to 0, on the monotonic clock; undefined while there is one. */
  readonly revokedAtMs: number | undefined
}

export const GIVEN_BACK: GiveBackState = {
  step: 'none',
  sinceMs: Number.NEGATIVE_INFINITY,
  revokedAtMs: undefined,
}

/** The step one tick later. */
export function stepGiveBack(state: GiveBackState, tick: GiveBackTick): GiveBackState {
  const { nowMs, level, work } = tick
  if (level > 0) return state.revokedAtMs === undefined ? state : resumed(nowMs)
  const revokedAtMs = state.revokedAtMs ?? nowMs
  if (work === 'none') {
    return state.step === 'none' && state.revokedAtMs !== undefined
      ? state
      : { step: 'none', sinceMs: nowMs, revokedAtMs }
  }
  return onward({ ...state, revokedAtMs }, revokedAtMs, tick)
}

function resumed(nowMs: number): GiveBackState {
  return { step: 'none', sinceMs: nowMs, revokedAtMs: undefined }
}

function onward(state: GiveBackState, revokedAtMs: number, tick: GiveBackTick): GiveBackState {
  const { nowMs, work, interactive, policy } = tick
  const step = (name: GiveBack['step'], untilMs?: number): GiveBackState =>
    state.step === name && state.untilMs === untilMs
      ? state
      : {
          step: name,
          sinceMs: state.step === name ? state.sinceMs : nowMs,
          revokedAtMs,
          ...(untilMs !== undefined && { untilMs }),
        }
  const frozenAtMs = revokedAtMs + policy.yieldMs
  const drainAtMs = revokedAtMs + (interactive ? policy.drainInteractiveMs : policy.drainBatchMs)
  const killAtMs = Math.max(drainAtMs, frozenAtMs) + policy.killMs
  if (nowMs >= killAtMs || state.step === 'kill') return step('kill')
  // A step is not taken back: work that turns interactive is not thawed to be frozen again.
  if (nowMs >= drainAtMs || state.step === 'drain') return step('drain', killAtMs)
  if (nowMs >= frozenAtMs || work === 'paused' || state.step === 'freeze') {
    return step('freeze', drainAtMs)
  }
  return step('yield', Math.min(frozenAtMs, drainAtMs))
}

/** True once a resource has been without a level for `keptMs`. */
export function overdue({ revokedAtMs }: GiveBackState, nowMs: number, keptMs: number): boolean {
  return revokedAtMs !== undefined && nowMs - revokedAtMs >= keptMs
}
