/**
 * Rules that stop everything while something is the case, and for a while after.
 *
 * @module
 */

import { type Latch, LATCH_OFF, latchEndMs, type LatchTimes, stepLatch } from '../governor/latch.ts'
import type { Resource } from '../levels.ts'
import type { ReasonCode } from '../reasons.ts'
import type { SignalName } from '../signals.ts'
import { type AnyRule, type Cap, NO_CAPS, rule, type View } from './rule.ts'

/** What the signals say at a tick. */
export interface Finding {
  /** True when the condition holds. */
  readonly raise: boolean
  /** True when it is surely gone. */
  readonly clear: boolean
  readonly detail?: string
}

interface Holding {
  readonly name: string
  readonly signal: SignalName
  readonly code: ReasonCode
  readonly unblocks: string
  /** What is capped, and at which level. */
  readonly caps: (view: View) => Partial<Readonly<Record<Resource, number>>>
  readonly times: (view: View) => LatchTimes
  readonly find: (view: View) => Finding
}

interface HoldingState {
  readonly latch: Latch
  readonly detail: string | undefined
}

/** A rule that puts its caps on while a condition holds, and lifts them when it has been gone for long enough. */
export function holding(definition: Holding): AnyRule {
  const { name, signal, code, unblocks } = definition
  return rule<HoldingState>({
    name,
    initial: { latch: LATCH_OFF, detail: undefined },
    step: (state, view) => {
      const { nowMs, elapsedMs } = view
      const { raise, clear, detail = state.detail } = definition.find(view)
      const times = definition.times(view)
      const latch = stepLatch(state.latch, { nowMs, elapsedMs, raise, clear }, times)
      if (!latch.on) return { state: { latch, detail: undefined }, caps: NO_CAPS }
      const cause: Omit<Cap, 'resource' | 'cap'> = {
        signal,
        unblocks,
        ...(detail !== undefined && { detail }),
        ...(clear
          ? { code: 'DWELL', after: code, untilMs: latchEndMs(latch, nowMs, times) }
          : { code }),
      }
      const caps = Object.entries(definition.caps(view)).map(([resource, cap]) => ({
        ...cause,
        resource: resource as Resource,
        cap,
      }))
      return { state: { latch, detail }, caps }
    },
  })
}

/** Caps of what stops all computing. */
export const STOPPED = { cpu: 0, gpu: 0 } as const
