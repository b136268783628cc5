/**
 * What a rule is: what it remembers, what it is shown, and which caps it puts on.
 *
 * A rule is a function without a clock. It knows no other rule and no level, so
 * that their order changes nothing and each can be read by itself.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'
import type { Resource } from '../levels.ts'
import type { Reading } from '../reading.ts'
import type { ReasonCode } from '../reasons.ts'
import type { SignalName, Signals } from '../signals.ts'

/** All signals, with what is stale or garbage already told apart. */
export type TrustedReadings = { readonly [Name in SignalName]: Reading<Signals[Name]> }

export interface View {
  readonly nowMs: number
  /** Since the tick before, at most as long as a reading may be believed. */
  readonly elapsedMs: number
  /** Minutes since Monday, 00:00, local time. */
  readonly minuteOfWeek: number
  readonly wallMs: number
  /** True when the device slept or its clock was set since the tick before. */
  readonly jumped: boolean
  readonly policy: HarvestPolicy
  readonly readings: TrustedReadings
  /** What waiting times are multiplied with after too many stops, from 1. */
  readonly patience: number
  /** True while the person wants the device to be taken for unused. */
  readonly boosted: boolean
  /** What the rules about the person concluded; true for both while they are being asked. */
  readonly present: boolean
  readonly presentForGpu: boolean
}

/** A level that a rule does not let a resource exceed, with why. */
export interface Cap {
  readonly resource: Resource
  /** From 0 to 1. */
  readonly cap: number
  readonly code: ReasonCode
  readonly unblocks: string
  readonly untilMs?: number
  readonly after?: ReasonCode
  readonly signal?: SignalName
  readonly detail?: string
}

export interface RuleStep<State> {
  readonly state: State
  readonly caps: readonly Cap[]
}

export interface Rule<State> {
  readonly name: string
  readonly initial: State
  step(state: State, view: View): RuleStep<State>
}

/** A rule whose memory is its own business. */
export type AnyRule = Rule<unknown>

/** Forgets the type of what `rule` remembers. */
export function rule<State>(definition: Rule<State>): AnyRule {
  return {
    name: definition.name,
    initial: definition.initial,
    step: (state, view) => definition.step(state as State, view),
  }
}

/** A rule that remembers nothing. */
export function plainRule(name: string, caps: (view: View) => readonly Cap[]): AnyRule {
  return { name, initial: undefined, step: (state, view) => ({ state, caps: caps(view) }) }
}

export const NO_CAPS: readonly Cap[] = []

/** The value of a signal that may be believed, else undefined. */
export function valueOf<Name extends SignalName>(
  view: View,
  name: Name,
): Signals[Name] | undefined {
  const reading: Reading<Signals[Name]> = view.readings[name]
  return reading.quality === 'known' ? reading.value : undefined
}

/** The same cap on processor and GPU. */
export function onBoth(cap: Omit<Cap, 'resource'>): readonly Cap[] {
  return [
    { ...cap, resource: 'cpu' },
    { ...cap, resource: 'gpu' },
  ]
}

/** A percentage as a share. */
export function share(percent: number): number {
  return percent / 100
}

/** Milliseconds as people say them: `30 s`, `3 min`, `2 h`. */
export function spanText(ms: number): string {
  if (ms < 120_000) return `${Math.ceil(ms / 1_000)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}
