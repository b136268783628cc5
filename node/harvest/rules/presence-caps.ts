/**
 * What somebody's presence leaves to work, whichever sign it was concluded from.
 *
 * @module
 */

import { type Latch, LATCH_OFF, stepLatch } from '../governor/latch.ts'
import type { ReasonCode } from '../reasons.ts'
import type { SignalName, Signals } from '../signals.ts'
import { type AnyRule, type Cap, NO_CAPS, rule, share, valueOf, type View } from './rule.ts'

/** The share of all processors that work has while somebody is there. */
export function presentCpuLevel(view: View): number {
  const { presentCpuPercent, presentCpuCoresMax } = view.policy
  const cores = valueOf(view, 'cpu')?.cores
  if (presentCpuCoresMax === 0 || cores === undefined) return share(presentCpuPercent)
  return Math.min(share(presentCpuPercent), presentCpuCoresMax / cores)
}

/** The caps that somebody's presence puts on, for one sign of it. */
export function presenceCaps(
  view: View,
  cause: Omit<Cap, 'resource' | 'cap'>,
  resources: readonly ('cpu' | 'gpu')[] = ['cpu', 'gpu'],
): readonly Cap[] {
  if (view.boosted) return NO_CAPS
  return resources.map((resource) => ({
    ...cause,
    resource,
    cap: resource === 'cpu' ? presentCpuLevel(view) : share(view.policy.presentGpuPercent),
  }))
}

interface Sign<Name extends SignalName> {
  readonly name: string
  readonly signal: Name
  readonly code: ReasonCode
  readonly unblocks: string
  /** What the sign is seen by; undefined when there is none. */
  seen(value: Signals[Name]): string | true | undefined
}

interface SignState {
  readonly latch: Latch
  readonly detail: string | undefined
}

/**
 * A rule about one sign of a person that is not input. It counts for `graceMs` after it has gone.
 *
 * A signal that went stale keeps saying what it said last: a helper that dies
 * during a film does not end the film. One that never was says nothing, because
 * input decides then.
 */
export function presenceSign<Name extends SignalName>(sign: Sign<Name>): AnyRule {
  return rule<SignState>({
    name: sign.name,
    initial: { latch: LATCH_OFF, detail: undefined },
    step: (state, view) => {
      const { nowMs, elapsedMs, policy } = view
      const reading = view.readings[sign.signal]
      const seen = reading.quality === 'unknown' ? undefined : sign.seen(reading.value)
      const raise = seen !== undefined
      const times = { raiseMs: 0, clearMs: policy.graceMs, dwellMs: 0 }
      const latch = stepLatch(state.latch, { nowMs, elapsedMs, raise, clear: !raise }, times)
      const detail = typeof seen === 'string' ? seen : state.detail
      if (!latch.on) return { state: { latch, detail: undefined }, caps: NO_CAPS }
      const cause = {
        signal: sign.signal,
        unblocks: sign.unblocks,
        ...(detail !== undefined && { detail }),
        ...(raise
          ? { code: sign.code }
          : {
              code: 'DWELL' as const,
              after: sign.code,
              untilMs: nowMs + policy.graceMs - latch.wantedMs,
            }),
      }
      return { state: { latch, detail }, caps: presenceCaps(view, cause) }
    },
  })
}
