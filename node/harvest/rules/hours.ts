/**
 * Hours in which work is allowed, and hours in which fans should stay quiet.
 *
 * @module
 */

import {
  minutesLeft,
  minutesUntil,
  parseTimeWindow,
  type TimeWindow,
} from '../../../config/index.ts'
import { STOPPED } from './holding.ts'
import { NO_CAPS, plainRule, share, type View } from './rule.ts'

const MINUTE_MS = 60_000

export const timeWindow = plainRule('time-window', (view) => {
  const windows = windowsOf(view.policy.windows)
  if (windows.length === 0 || leftMs(windows, view) > 0) return NO_CAPS
  const waits = windows.map((window) => minutesUntil(window, view.minuteOfWeek))
  const cause = {
    code: 'TIME_WINDOW' as const,
    unblocks: `the time is within ${view.policy.windows.join(', ')}`,
    untilMs: view.nowMs + MINUTE_MS * Math.min(...waits),
  }
  return Object.keys(STOPPED).map((resource) => ({
    ...cause,
    resource: resource as keyof typeof STOPPED,
    cap: 0,
  }))
})

export const quietHours = plainRule('quiet-hours', (view) => {
  const quietMs = leftMs(windowsOf(view.policy.quietWindows), view)
  if (quietMs === 0) return NO_CAPS
  return [
    {
      resource: 'cpu',
      cap: share(view.policy.quietCpuPercent),
      code: 'FAN_QUIET_HOURS',
      unblocks: 'the quiet hours are over',
      untilMs: view.nowMs + quietMs,
    },
  ]
})

/** How long work stays allowed, or undefined where the hour does not matter. */
export function windowLeftMs(view: View): number | undefined {
  const windows = windowsOf(view.policy.windows)
  return windows.length === 0 ? undefined : leftMs(windows, view)
}

function leftMs(windows: readonly TimeWindow[], { minuteOfWeek }: View): number {
  return MINUTE_MS * Math.max(0, ...windows.map((window) => minutesLeft(window, minuteOfWeek)))
}

const parsed = new WeakMap<readonly string[], readonly TimeWindow[]>()

/** Parsed once a policy; a text that is no window was refused with the configuration. */
function windowsOf(texts: readonly string[]): readonly TimeWindow[] {
  const before = parsed.get(texts)
  if (before !== undefined) return before
  const windows = texts.flatMap((text) => parseTimeWindow(text) ?? [])
  parsed.set(texts, windows)
  return windows
}
