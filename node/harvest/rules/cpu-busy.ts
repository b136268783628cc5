/**
 * Programs of the owner use the processor: work is throttled first, and stops when it lasts.
 *
 * Short spikes are absorbed by the priority of processes. Stopping at each of them
 * would stop hundreds of times a day (research: 238 at 3 s of load).
 *
 * @module
 */

import {
  NO_CAPS,
  onBoth,
  rule,
  type RuleStep,
  share,
  spanText,
  valueOf,
  type View,
} from './rule.ts'

interface BusyState {
  readonly gate: 'open' | 'throttled' | 'stopped'
  /** How long the load was high by now; a calm second takes two off. */
  readonly highMs: number
  /** How long it has been low on end. */
  readonly lowMs: number
}

export const cpuBusy = rule<BusyState>({
  name: 'cpu-busy',
  initial: { gate: 'open', highMs: 0, lowMs: 0 },
  step: (state, view) => {
    const { policy, elapsedMs } = view
    const use = valueOf(view, 'cpu')
    if (use === undefined) return unseen(state, view)
    const others = Math.max(0, use.busyFraction - use.ownFraction)
    const high = others > share(policy.busyThrottlePercent)
    const low = others < share(policy.busyReopenPercent)
    const highMs = high
      ? Math.min(policy.busyStopAfterMs, state.highMs + elapsedMs)
      : Math.max(0, state.highMs - 2 * elapsedMs)
    const lowMs = low ? state.lowMs + elapsedMs : 0
    const gate = gateAfter(state.gate, { high, highMs, lowMs }, view)
    const next = { gate, highMs: gate === 'open' && state.gate !== 'open' ? 0 : highMs, lowMs }
    return { state: next, caps: capsOf(next, view, others) }
  },
})

interface Load {
  readonly high: boolean
  readonly highMs: number
  readonly lowMs: number
}

function gateAfter(gate: BusyState['gate'], load: Load, view: View): BusyState['gate'] {
  const { busyThrottleAfterMs, busyStopAfterMs } = view.policy
  if (load.high && load.highMs >= busyStopAfterMs) return 'stopped'
  if (gate !== 'open') return load.lowMs >= reopenMs(gate, view) ? 'open' : gate
  return load.high && load.highMs >= busyThrottleAfterMs ? 'throttled' : 'open'
}

/** Throttled work still runs, so being wrong about the load costs less than after a stop. */
const THROTTLED_PART = 1 / 3

/** Longer after too many stops. */
function reopenMs(gate: BusyState['gate'], { policy, patience }: View): number {
  return policy.busyReopenAfterMs * (gate === 'throttled' ? THROTTLED_PART : patience)
}

function capsOf({ gate, lowMs }: BusyState, view: View, others: number) {
  if (gate === 'open') return NO_CAPS
  const { policy, nowMs } = view
  const waitMs = reopenMs(gate, view)
  return onBoth({
    cap: gate === 'stopped' ? 0 : share(policy.busyThrottleToPercent),
    signal: 'cpu',
    unblocks: `other programs use less than ${policy.busyReopenPercent} % for ${spanText(waitMs)}`,
    detail: `${Math.round(100 * others)} % in use by others`,
    ...(lowMs > 0
      ? { code: 'DWELL', after: 'CPU_BUSY', untilMs: nowMs + waitMs - lowMs }
      : { code: 'CPU_BUSY' }),
  })
}

/** The load cannot be seen: as if it were high enough to throttle. */
function unseen(state: BusyState, { policy }: View): RuleStep<BusyState> {
  const caps = onBoth({
    cap: state.gate === 'stopped' ? 0 : share(policy.busyThrottleToPercent),
    code: 'SENSOR_STALE',
    signal: 'cpu',
    unblocks: 'the use of the processor can be read again',
  })
  return { state: { ...state, lowMs: 0 }, caps }
}
