/**
 * When the self-test of isolation is due: the first time that nobody is there.
 *
 * Whoever drives the governor sees the state PROBE and measures. Without an answer
 * in time work goes on; what is not known then is only used while nobody is there.
 *
 * @module
 */

import { presentCpuLevel } from '../rules/presence-caps.ts'
import { type Cap, NO_CAPS, valueOf, type View } from '../rules/rule.ts'

export interface ProbeState {
  readonly probing: boolean
  /** When it began, on the monotonic clock; undefined before. */
  readonly beganAtMs: number | undefined
}

export const NOT_PROBED: ProbeState = { probing: false, beganAtMs: undefined }

export function stepProbe(
  state: ProbeState,
  view: View,
): { readonly state: ProbeState; readonly caps: readonly Cap[] } {
  const { nowMs, policy, present } = view
  const answered = valueOf(view, 'isolation') !== undefined
  const late = state.beganAtMs !== undefined && nowMs >= state.beganAtMs + policy.probeMs
  if (answered || late || policy.probeMs === 0 || (present && state.beganAtMs === undefined)) {
    return { state: state.probing ? { ...state, probing: false } : state, caps: NO_CAPS }
  }
  const beganAtMs = state.beganAtMs ?? nowMs
  const cap: Cap = {
    resource: 'cpu',
    cap: presentCpuLevel(view),
    code: 'SELFTEST',
    signal: 'isolation',
    untilMs: beganAtMs + policy.probeMs,
    unblocks: 'the self-test has an answer',
  }
  return { state: { probing: true, beganAtMs }, caps: [cap] }
}
