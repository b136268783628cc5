/**
 * Decides at every tick how much of the device is lent, and why.
 *
 * A step is a function of the sample and of what is remembered: the same samples
 * give the same decisions, in the daemon as in a replay. Rules about the person are
 * asked first; the others are shown what came of it. The lowest cap of all wins.
 *
 * @module
 */

import type { HarvestPolicy } from '../../../config/index.ts'
import type { Decision, GiveBack } from '../decision.ts'
import { type Levels, NO_LEVELS } from '../levels.ts'

import { DEVICE_RULES, PRESENCE_RULES } from '../rules/all-rules.ts'
import { wishNow } from '../rules/owner-wish.ts'
import { type AnyRule, type Cap, valueOf, type View } from '../rules/rule.ts'
import type { Sample, WorkHere } from '../signals.ts'
import { type Clocks, jumped, minuteOfWeek } from './clock-jumps.ts'
import { type Beginnings, lowestCaps, ramped, reasonsOf } from './combine.ts'
import { type FlapState, NO_FLAPS, patience, stepFlaps } from './flap-guard.ts'
import { GIVEN_BACK, type GiveBackState, overdue, stepGiveBack } from './give-back.ts'
import { governorState } from './governor-state.ts'
import { NOT_PROBED, type ProbeState, stepProbe } from './probe.ts'
import { distrusted, trustedReadings } from './trusted-readings.ts'

/** Everything that the governor remembers from one tick to the next. */
export interface GovernorMemory {
  /** What each rule remembers, in the order of the rules; empty before the first tick. */
  readonly person: readonly unknown[]
  readonly device: readonly unknown[]
  readonly clocks: Clocks | undefined
  readonly levels: Levels
  readonly beginnings: Beginnings
  readonly giveBack: { readonly cpu: GiveBackState; readonly gpu: GiveBackState }
  readonly flaps: FlapState
  readonly probe: ProbeState
  readonly state: Pick<Decision, 'state' | 'sinceMs'> | undefined
}

export const NEW_GOVERNOR: GovernorMemory = {
  person: [],
  device: [],
  clocks: undefined,
  levels: NO_LEVELS,
  beginnings: new Map(),
  giveBack: { cpu: GIVEN_BACK, gpu: GIVEN_BACK },
  flaps: NO_FLAPS,
  probe: NOT_PROBED,
  state: undefined,
}

export interface GovernorStep {
  readonly memory: GovernorMemory
  readonly decision: Decision
}

/** What work is taken to do where nobody says it: the worst. */
const WORK_UNSEEN: WorkHere = { cpu: 'running', gpu: 'running', interactive: true }

/** One tick. Never throws, whatever the readings hold. */
export function stepGovernor(
  memory: GovernorMemory,
  sample: Sample,
  policy: HarvestPolicy,
): GovernorStep {
  const { nowMs, wallMs } = sample
  const seen = firstView(memory, sample, policy)
  const person = ask(PRESENCE_RULES, memory.person, seen)
  const view: View = {
    ...seen,
    present: person.caps.some(({ resource }) => resource === 'cpu'),
    presentForGpu: person.caps.some(({ resource }) => resource === 'gpu'),
  }
  const device = ask(DEVICE_RULES, memory.device, view)
  const probe = stepProbe(memory.probe, view)
  const caps = [...person.caps, ...device.caps, ...probe.caps]
  const wanted = lowestCaps(caps)
  const { elapsedMs } = view
  const levels = offered(ramped(memory.levels, wanted, { elapsedMs, rampMs: policy.rampMs }))
  const { reasons, beginnings } = reasonsOf(
    [...caps, ...ownCaps(levels, wanted)],
    memory.beginnings,
    nowMs,
  )
  const giveBack = stepBoth(memory.giveBack, levels, view)
  const state = governorState({
    enabled: policy.enabled,
    probing: probe.state.probing,
    levels,
    reasons,
    giveBack: giveBack.cpu,
    present: view.present,
    presentForGpu: view.presentForGpu,
    quiet: quiet(view),
  })
  const sinceMs = memory.state?.state === state ? memory.state.sinceMs : nowMs
  const stopped = memory.levels.cpu > 0 && levels.cpu === 0
  return {
    memory: {
      person: person.states,
      device: device.states,
      clocks: { nowMs, wallMs },
      levels,
      beginnings,
      giveBack,
      flaps: stepFlaps(memory.flaps, stopped, elapsedMs),
      probe: probe.state,
      state: { state, sinceMs },
    },
    decision: {
      atMs: nowMs,
      wallMs,
      state,
      sinceMs,
      levels,
      offerQuarters: offerQuarters(levels.cpu),
      leaseMs: Math.round(levels.lease * policy.leaseMs),
      reasons,
      giveBack: { cpu: shown(giveBack.cpu), gpu: shown(giveBack.gpu) },
      release: released(giveBack, levels, view),
      distrusted: distrusted(view.readings),
      deadlineMs: deadline(levels, giveBack, view),
    },
  }
}

/** Remembers for the driver of {@link stepGovernor}. */
export class Governor {
  readonly #policy: HarvestPolicy
  #memory: GovernorMemory = NEW_GOVERNOR

  constructor(policy: HarvestPolicy) {
    this.#policy = policy
  }

  /** Decides on `sample`; time must not run backwards from one sample to the next. */
  decide(sample: Sample): Decision {
    const { memory, decision } = stepGovernor(this.#memory, sample, this.#policy)
    this.#memory = memory
    return decision
  }
}

function firstView(memory: GovernorMemory, sample: Sample, policy: HarvestPolicy): View {
  const { nowMs, wallMs, zoneMinutes } = sample
  const readings = trustedReadings(sample, policy)
  const passedMs = Math.max(0, nowMs - (memory.clocks?.nowMs ?? nowMs))
  return {
    nowMs,
    wallMs,
    // What happened in a longer gap was not seen, so it counts towards nothing.
    elapsedMs: Math.min(passedMs, policy.signalStaleMs),
    minuteOfWeek: minuteOfWeek(wallMs, zoneMinutes),
    jumped: jumped(memory.clocks, sample),
    policy,
    readings,
    patience: patience(memory.flaps, policy),
    boosted: wishNow({ readings, wallMs }).mode === 'boost',
    present: true,
    presentForGpu: true,
  }
}

interface Answers {
  readonly states: readonly unknown[]
  readonly caps: readonly Cap[]
}

function ask(rules: readonly AnyRule[], remembered: readonly unknown[], view: View): Answers {
  const caps: Cap[] = []
  const states = rules.map((rule, index) => {
    const { state, caps: put } = rule.step(
      index < remembered.length ? remembered[index] : rule.initial,
      view,
    )
    for (const cap of put) caps.push(cap)
    return state
  })
  return { states, caps }
}

/** Nothing can be promised while nothing is lent. */
function offered(levels: Levels): Levels {
  return levels.cpu === 0 && levels.gpu === 0 ? { ...levels, lease: 0 } : levels
}

/** Caps that come from no rule: those of the ramp, and of having nothing to promise. */
function ownCaps(levels: Levels, wanted: Levels): readonly Cap[] {
  const rising = (['cpu', 'gpu'] as const)
    .filter((resource) => levels[resource] < wanted[resource])
    .map((resource) => ({
      resource,
      cap: levels[resource],
      code: 'RAMP' as const,
      unblocks: 'the level has risen step by step',
    }))
  if (levels.lease > 0 || wanted.lease === 0) return rising
  const unblocks = 'processor or GPU are lent again'
  return [...rising, { resource: 'lease', cap: 0, code: 'LEASE_NONE', unblocks }]
}

function stepBoth(
  state: GovernorMemory['giveBack'],
  levels: Levels,
  view: View,
): GovernorMemory['giveBack'] {
  const { nowMs, policy } = view
  const work = valueOf(view, 'work') ?? WORK_UNSEEN
  const { interactive } = work
  const tick = { nowMs, interactive, policy }
  return {
    cpu: stepGiveBack(state.cpu, { ...tick, level: levels.cpu, work: work.cpu }),
    gpu: stepGiveBack(state.gpu, { ...tick, level: levels.gpu, work: work.gpu }),
  }
}

function shown({ step, sinceMs, untilMs }: GiveBackState): GiveBack {
  return { step, sinceMs, ...(untilMs !== undefined && { untilMs }) }
}

function released(
  { cpu, gpu }: GovernorMemory['giveBack'],
  levels: Levels,
  { nowMs, policy }: View,
): Decision['release'] {
  return {
    gpuMemory: overdue(gpu, nowMs, policy.gpuMemoryKeptMs),
    memory: levels.memory === 0 || overdue(cpu, nowMs, policy.memoryKeptMs),
  }
}

/** True when there was no input for `graceMs`, and nothing else speaks of a person than that it was. */
function quiet(view: View): boolean {
  const inputMs = valueOf(view, 'lastInputAtMs')
  return inputMs !== undefined && view.nowMs - inputMs >= view.policy.graceMs
}

/** 0, ¼, ½ or all: finer steps would tell others when somebody comes and goes. */
function offerQuarters(level: number): number {
  if (level === 0) return 0
  if (level < 0.5) return 1
  return level < 0.75 ? 2 : 4
}

function deadline(
  levels: Levels,
  { cpu, gpu }: GovernorMemory['giveBack'],
  { nowMs, policy }: View,
): number {
  const leaving = cpu.step !== 'none' || gpu.step !== 'none'
  const lent = levels.cpu > 0 || levels.gpu > 0 || leaving
  const tickMs = lent ? policy.lentTickMs : policy.idleTickMs
  const steps = [cpu.untilMs, gpu.untilMs].filter((ms) => ms !== undefined && ms > nowMs)
  return Math.min(nowMs + tickMs, ...(steps as number[]))
}
