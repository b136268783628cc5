/**
 * Somebody used a key, a pointer or a touch, now or a short while ago.
 *
 * @module
 */

import type { ReasonCode } from '../reasons.ts'
import { presenceCaps } from './presence-caps.ts'
import { type Cap, NO_CAPS, rule, type RuleStep, spanText, valueOf, type View } from './rule.ts'

interface InputState {
  /** The last input that counts, on the monotonic clock. */
  readonly lastMs: number | undefined
  /** A first touch after a long absence, while it may still be no person: a door, a cat, a truck. */
  readonly bump: Bump | undefined
  /** When the device was last woken or its clock set: somebody is likely to have done it. */
  readonly jumpedMs: number | undefined
}

interface Bump {
  readonly atMs: number
  /** The last input before it. */
  readonly beforeMs: number
}

/** Longest burst of input that may be no person, in ms. */
const BUMP_BURST_MS = 1_000

export const userInput = rule<InputState>({
  name: 'user-input',
  initial: { lastMs: undefined, bump: undefined, jumpedMs: undefined },
  step: (state, view) => {
    const { policy } = view
    const jumpedMs = view.jumped && policy.cpuAwayMs > 0 ? view.nowMs : state.jumpedMs
    const inputMs = valueOf(view, 'lastInputAtMs')
    if (inputMs === undefined) return unseen({ ...state, jumpedMs }, view)
    const bump = bumpAfter(state, inputMs, view)
    const next = { lastMs: inputMs, bump, jumpedMs }
    return { state: next, caps: capsOf(next, inputMs, view) }
  },
})

/** What remains of a lone touch, or undefined when `inputMs` is a person's. */
function bumpAfter(state: InputState, inputMs: number, view: View): Bump | undefined {
  const { bump, lastMs } = state
  if (lastMs === undefined || inputMs <= lastMs) return bump
  if (bump !== undefined) return inputMs - bump.atMs <= BUMP_BURST_MS ? bump : undefined
  const lone = view.policy.bumpMs > 0 && inputMs - lastMs >= awayMs(view, 'cpuAwayMs')
  return lone ? { atMs: inputMs, beforeMs: lastMs } : undefined
}

function capsOf(state: InputState, inputMs: number, view: View): readonly Cap[] {
  const { nowMs, policy } = view
  const { bump, jumpedMs } = state
  const shrugged = bump !== undefined && nowMs - bump.atMs >= policy.bumpMs
  const countsMs = shrugged ? bump.beforeMs : inputMs
  const woken = jumpedMs !== undefined && jumpedMs > countsMs
  const lastMs = woken ? jumpedMs : countsMs
  const ageMs = Math.max(0, nowMs - lastMs)
  return (['cpu', 'gpu'] as const).flatMap((resource) => {
    const key = resource === 'cpu' ? 'cpuAwayMs' : 'gpuAwayMs'
    const endMs = lastMs + awayMs(view, key)
    if (nowMs >= endMs) return NO_CAPS
    const cause = {
      code: woken ? ('CLOCK_JUMP' as const) : codeOf(ageMs, policy[key], policy.inputFreshMs),
      signal: 'lastInputAtMs' as const,
      untilMs: endMs,
      unblocks: `no input for ${spanText(awayMs(view, key))}`,
      detail: `last input ${spanText(ageMs)} ago`,
    }
    return presenceCaps(view, cause, [resource])
  })
}

function codeOf(ageMs: number, awayAfterMs: number, freshMs: number): ReasonCode {
  if (ageMs < freshMs) return 'USER_INPUT'
  return ageMs < awayAfterMs ? 'USER_PRESENT' : 'FLAP_GUARD'
}

/** Time without input that means absence: longer where that was concluded too often. */
function awayMs(view: View, key: 'cpuAwayMs' | 'gpuAwayMs'): number {
  const { policy, patience } = view
  return Math.max(policy[key], Math.min(policy[key] * patience, policy.flapAwayMsMax))
}

/** Input cannot be seen: what the policy says that this means. */
function unseen(state: InputState, view: View): RuleStep<InputState> {
  if (view.policy.inputUnknownMeans === 'away') return { state, caps: NO_CAPS }
  const cause = {
    code: 'SENSOR_STALE' as const,
    signal: 'lastInputAtMs' as const,
    unblocks: 'input can be seen again, or harvest.inputUnknownMeans = "away"',
  }
  return { state, caps: presenceCaps(view, cause) }
}
