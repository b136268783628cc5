/**
 * Work must not slow the charging: a phone is lent on its charger to be full in the morning.
 *
 * The rate of charging is taken over some minutes, with work and without, each tenth of the charge by
 * itself, for every battery charges more slowly the fuller it is. Where work leaves too little of the
 * rate its share is halved, and doubled again only once charging was nearly undisturbed for three
 * times as long (after Arslan et al., "Computing while charging", CoNEXT 2012). Before the rate
 * without work is known nothing is concluded: other rules see to it that a battery is charged first.
 *
 * @module
 */

import { powerState } from './power-state.ts'
import { NO_CAPS, rule, share, valueOf, type View } from './rule.ts'

/** Minutes in which work went on, or none did. */
interface Span {
  readonly working: boolean
  readonly sinceMs: number
  readonly chargeFraction: number
}

interface Charging {
  readonly span: Span | undefined
  /** Charge a ms without work, by the tenth of the charge at which it was taken. */
  readonly resting: ReadonlyMap<number, number>
  /** The part that work may have of what it has while nobody is there. */
  readonly part: number
  /** When the part was last changed. */
  readonly sinceMs: number
  /** What the last span with work left of the rate. */
  readonly left: number
}

/** The charger may be another one: what was learned of the one before says nothing. */
const UNPLUGGED: Charging = {
  span: undefined,
  resting: new Map(),
  part: 1,
  sinceMs: Number.NEGATIVE_INFINITY,
  left: 1,
}

/** Less is no work worth the trouble. */
const PART_MIN = 1 / 8

/** Spans for which a smaller part stays at least. */
const HELD_SPANS = 3

export const slowCharging = rule<Charging>({
  name: 'slow-charging',
  initial: UNPLUGGED,
  step: (state, view) => {
    const leastLeft = share(view.policy.chargeRatePercentMin)
    const { source, chargeFraction } = powerState(view)
    if (leastLeft === 0 || source !== 'charger') return { state: UNPLUGGED, caps: NO_CAPS }
    const charging = valueOf(view, 'batteries')?.some(({ status }) => status === 'charging')
    const working = isWorking(view)
    if (charging !== true || chargeFraction === undefined || working === undefined) {
      return { state: { ...state, span: undefined }, caps: capsOf(state, charging, view) }
    }
    const now: Span = { working, sinceMs: view.nowMs, chargeFraction }
    const { span } = state
    if (span === undefined || span.working !== working || view.jumped) {
      return { state: { ...state, span: now }, caps: capsOf(state, charging, view) }
    }
    if (now.sinceMs - span.sinceMs < view.policy.chargeRateMs) {
      return { state, caps: capsOf(state, charging, view) }
    }
    const next = { ...concluded(state, { from: span, to: now }, view), span: now }
    return { state: next, caps: capsOf(next, charging, view) }
  },
})

/** Undefined where it is not known. */
function isWorking(view: View): boolean | undefined {
  const work = valueOf(view, 'work')
  return work === undefined ? undefined : work.cpu === 'running' || work.gpu === 'running'
}

/** What a span that is over says. */
function concluded(
  state: Charging,
  { from, to }: { readonly from: Span; readonly to: Span },
  { policy, nowMs }: View,
): Charging {
  const perMs = (to.chargeFraction - from.chargeFraction) / (to.sinceMs - from.sinceMs)
  const tenth = Math.floor(10 * from.chargeFraction)
  const before = state.resting.get(tenth)
  if (!from.working) {
    // A gauge counts whole percents: two spans say more than one.
    const learned = before === undefined ? perMs : (before + perMs) / 2
    return { ...state, resting: new Map(state.resting).set(tenth, learned) }
  }
  if (before === undefined || before <= 0) return state
  const left = Math.max(0, perMs / before)
  const leastLeft = share(policy.chargeRatePercentMin)
  if (left < leastLeft) {
    return { ...state, left, part: Math.max(PART_MIN, state.part / 2), sinceMs: nowMs }
  }
  const held = nowMs - state.sinceMs >= HELD_SPANS * policy.chargeRateMs
  // Half way between what is asked for and all of it, so that the doubled share may still fit.
  if (state.part === 1 || !held || left < (1 + leastLeft) / 2) return { ...state, left }
  return { ...state, left, part: Math.min(1, 2 * state.part), sinceMs: nowMs }
}

/** A battery that is full, or that its system does not charge, is not slowed. */
function capsOf({ part, left }: Charging, charging: boolean | undefined, { policy }: View) {
  if (part === 1 || charging === false) return NO_CAPS
  const cause = {
    code: 'CHARGE_FIRST',
    signal: 'batteries',
    unblocks: 'the battery charges nearly as fast with work as without',
    detail: `charging at ${Math.round(100 * left)} % of its rate without work`,
  } as const
  return [
    { ...cause, resource: 'cpu', cap: part * share(policy.awayCpuPercent) },
    { ...cause, resource: 'gpu', cap: part * share(policy.awayGpuPercent) },
  ] as const
}
