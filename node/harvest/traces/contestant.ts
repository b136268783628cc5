/**
 * Who decides about a replayed device: the governor, or a rule that others use.
 *
 * The baselines follow what these programs do by default, read from their sources
 * and documents; each is only its rule about processors.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'
import type { Decision } from '../decision.ts'
import { Governor } from '../governor/governor.ts'
import type { TracePlace } from './trace-player.ts'

export interface Contestant {
  /** The level of the processor from this tick on, from 0 to 1. */
  level(place: TracePlace, tickMs: number): number
  /** What was decided, where the contestant says so. */
  readonly decision?: Decision | undefined
}

export class GovernorContestant implements Contestant {
  readonly #governor: Governor
  decision: Decision | undefined

  constructor(policy: HarvestPolicy) {
    this.#governor = new Governor(policy)
  }

  level({ sample }: TracePlace): number {
    this.decision = this.#governor.decide(sample)
    return this.decision.levels.cpu
  }
}

/** What every baseline looks at. */
interface Look {
  readonly nowMs: number
  /** Time without input, in ms. */
  readonly idleMs: number
  /** Share of all processors that others use. */
  readonly load: number
  /** The same as an average over one minute, in processors. */
  readonly loadAverage: number
  readonly onBattery: boolean
}

/** A rule of somebody else, with whatever it remembers. */
type Baseline = (look: Look, tickMs: number) => number

class BaselineContestant implements Contestant {
  readonly #rule: Baseline
  #loadAverage = 0

  constructor(rule: Baseline) {
    this.#rule = rule
  }

  level({ sample, othersFraction, truth }: TracePlace, tickMs: number): number {
    const { nowMs } = sample
    const processors = othersFraction * (truth.cpu?.cores ?? 1)
    this.#loadAverage += (processors - this.#loadAverage) * (1 - Math.exp(-tickMs / 60_000))
    const onBattery = truth.batteries?.some(({ status }) => status === 'discharging') ?? false
    const idleMs = nowMs - (truth.lastInputAtMs ?? Number.NEGATIVE_INFINITY)
    const look = { nowMs, idleMs, load: othersFraction, loadAverage: this.#loadAverage, onBattery }
    return this.#rule(look, tickMs)
  }
}

/** Every baseline by its name, made anew for each replay. */
export const BASELINES: Readonly<Record<string, () => Contestant>> = {
  'BOINC, defaults': () => new BaselineContestant(boinc(true)),
  'BOINC, not in use': () => new BaselineContestant(boinc(false)),
  'HTCondor Desktop': () => new BaselineContestant(htcondorDesktop()),
  'Folding@home, on idle': () => new BaselineContestant(({ idleMs }) => (idleMs > 15_000 ? 1 : 0)),
}

/**
 * BOINC 8: in use is input within 3 minutes; suspended for 20 s where other programs used more
 * than 25 % (50 % when not in use) over 10 s; never on battery (client/cs_prefs.cpp).
 */
function boinc(runWhileInUse: boolean): Baseline {
  let [sumMs, spanMs, average, suspendedUntilMs] = [0, 0, 0, 0]
  return ({ nowMs, idleMs, load, onBattery }, tickMs) => {
    sumMs += load * tickMs
    spanMs += tickMs
    if (spanMs >= 10_000) {
      average = sumMs / spanMs
      sumMs = 0
      spanMs = 0
    }
    const inUse = idleMs < 180_000
    if (onBattery || (inUse && !runWhileInUse)) return 0
    if (nowMs < suspendedUntilMs) return 0
    if (average <= (inUse ? 0.25 : 0.5)) return 1
    suspendedUntilMs = nowMs + 20_000
    return 0
  }
}

/** `use POLICY : Desktop` of HTCondor 25, looked at every 5 s (condor_utils/param_info.in). */
function htcondorDesktop(): Baseline {
  let state: CondorState = 'owner'
  let [sinceMs, busyMs] = [0, 0]
  const turn = (next: CondorState, nowMs: number): void => {
    state = next
    sinceMs = nowMs
  }
  return ({ nowMs, idleMs, loadAverage }, tickMs) => {
    busyMs = loadAverage >= 0.5 ? busyMs + tickMs : 0
    const inStateMs = nowMs - sinceMs
    const calm = loadAverage <= 0.3
    if (nowMs % 5_000 === 0) {
      const kept = busyMs > 120_000 && inStateMs > 90_000
      const next = condorTurn(state, { idleMs, inStateMs, calm, kept })
      if (next !== state) turn(next, nowMs)
    }
    return state === 'running' ? 1 : 0
  }
}

type CondorState = 'owner' | 'running' | 'suspended'

interface CondorLook {
  readonly idleMs: number
  readonly inStateMs: number
  /** True when the load average is at most 0.3. */
  readonly calm: boolean
  /** True when others have been busy for long enough to suspend. */
  readonly kept: boolean
}

/** START, SUSPEND, CONTINUE and PREEMPT of the policy, in this order. */
function condorTurn(state: CondorState, look: CondorLook): CondorState {
  const { idleMs, inStateMs, calm, kept } = look
  switch (state) {
    case 'owner':
      return idleMs > 900_000 && calm ? 'running' : state
    case 'running':
      return idleMs < 60_000 || kept ? 'suspended' : state
    case 'suspended':
      if (calm && inStateMs > 10_000 && idleMs > 300_000) return 'running'
      return inStateMs > 600_000 ? 'owner' : state
  }
}
