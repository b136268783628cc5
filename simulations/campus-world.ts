/**
 * A day of a campus: people, heat and batteries on every device, the governor of each, and work that has to
 * go somewhere else whenever somebody is back.
 *
 * What people do comes from generated traces; what work does heats the device and drains its battery in
 * them. A stage that loses its device is run again from the journal of the stage before it, which takes time
 * and loses nothing: so the protocol does it (protocols/inference).
 *
 * @module
 */

import { type HarvestPolicy, harvestPolicy, loadConfig } from '../config/index.ts'
import type { SeededRandom } from '../core/random.ts'
import { GovernorContestant } from '../node/harvest/traces/contestant.ts'
import { generateTrace, type SceneName } from '../node/harvest/traces/generated-traces.ts'
import type { TraceHeader } from '../node/harvest/traces/trace.ts'
import { type TracePlace, TracePlayer } from '../node/harvest/traces/trace-player.ts'
import { below } from './faults.ts'
import { Trace } from './trace.ts'

/** What is simulated. */
export interface CampusPlan {
  readonly devices: number
  readonly tickMs: number
  /** Stages of a session. */
  readonly stages: number
  /** Sessions that are open at once; a session that ends makes room for the next. */
  readonly sessions: number
}

const DAY_MS = 86_400_000
/** A campus has many desks, some servers, and what people carry. */
const SCENES: readonly SceneName[] = [
  'office',
  'office',
  'office',
  'laptop',
  'laptop',
  'evening',
  'gamer',
  'server',
  'sbc',
]
/** Work of one stage of a session, in ms of a whole processor. */
const STAGE_CORE_MS = 20 * 60_000
/** What a stage that takes over runs again, at most. */
const REPLAY_CORE_MS = 20_000
/** Processors that one stage can use. */
const STAGE_CORES_MAX = 4
/** The most that work may take of a device on which a film or music plays. */
const BESIDE_MEDIA = 0.3

/** What came of the day. */
export interface CampusTotals {
  sessionsDone: number
  /** Stages that went to another device. */
  moves: number
  /** Work that was done, and what of it had to be done again after a move, in ms of a processor. */
  coreMs: number
  replayedCoreMs: number
  /** Capacity that nobody used while its device was awake. */
  idleCoreMs: number
  /** More than a little work beside films and music, or any in a call or on the battery. */
  disturbedMs: number
  hottestOverCelsius: number
}

export class CampusWorld {
  readonly totals: CampusTotals = {
    sessionsDone: 0,
    moves: 0,
    coreMs: 0,
    replayedCoreMs: 0,
    idleCoreMs: 0,
    disturbedMs: 0,
    hottestOverCelsius: Number.NEGATIVE_INFINITY,
  }
  readonly story: string[] = []
  events = 0
  readonly #plan: CampusPlan
  readonly #devices: readonly CampusDevice[]
  readonly #sessions: Session[]
  readonly #trace = new Trace()
  #wallMs: number

  constructor(plan: CampusPlan, random: SeededRandom) {
    this.#plan = plan
    this.#devices = Array.from({ length: plan.devices }, (_, number) => {
      const scene = SCENES[below(random, SCENES.length)] ?? 'office'
      return new CampusDevice(number, scene, random.uint32())
    })
    this.#wallMs = this.#devices[0]?.startWallMs ?? 0
    this.#sessions = Array.from({ length: plan.sessions }, () => newSession(plan.stages))
  }

  /** Runs from midnight to midnight. */
  run(): this {
    const { tickMs } = this.#plan
    for (let ms = 0; ms < DAY_MS; ms += tickMs) {
      this.#wallMs += tickMs
      for (const device of this.#devices) this.#tickDevice(device)
      // Once a tick: those with the most to give first.
      const free = this.#devices
        .filter((device) => device.hasRoom)
        .toSorted((a, b) => b.coresFor(1) - a.coresFor(1) || a.number - b.number)
      for (const session of this.#sessions) this.#tickSession(session, free)
    }
    return this
  }

  /** Work that sessions still hold: done and not yet part of a whole one, in ms of a processor. */
  get openCoreMs(): number {
    return this.#sessions
      .flatMap(({ stages }) => stages)
      .reduce((sum, { doneCoreMs }) => sum + doneCoreMs, 0)
  }

  /** Work of all sessions that are done. */
  get settledCoreMs(): number {
    return this.totals.sessionsDone * this.#plan.stages * STAGE_CORE_MS
  }

  traceHash(): string {
    return this.#trace.digest()
  }

  #tickDevice(device: CampusDevice): void {
    const before = device.level
    const place = device.tick(this.#wallMs, this.#plan.tickMs)
    this.events++
    if (device.level !== before) {
      this.#trace.note(this.#wallMs, Math.round(device.level * 1_000), device.number)
    }
    if (device.level === 0) this.#leave(device)
    if (place !== undefined) this.#measure(device, place)
  }

  /** Its stages are free to go: what they had done is in the journals of others. */
  #leave(device: CampusDevice): void {
    for (const stage of device.stages) stage.at = undefined
    device.stages.clear()
  }

  #measure(device: CampusDevice, { truth, othersFraction }: TracePlace): void {
    const { totals } = this
    const { tickMs } = this.#plan
    totals.idleCoreMs += (1 - othersFraction) * device.cores * tickMs
    const working = device.stages.size > 0 && device.level > 0
    const onBattery = truth.batteries?.some(({ status }) => status === 'discharging') ?? false
    const besides = truth.media === true && device.level > BESIDE_MEDIA
    const disturbs = besides || truth.call === true || onBattery
    if (working && disturbs) totals.disturbedMs += tickMs
    for (const { celsius } of truth.thermal ?? []) {
      const over = celsius - device.hardCelsius
      totals.hottestOverCelsius = Math.max(totals.hottestOverCelsius, over)
    }
  }

  #tickSession(session: Session, free: CampusDevice[]): void {
    for (const stage of session.stages) {
      if (stage.at === undefined) this.#seat(session, stage, free)
    }
    // A stage does no more than the one before it gives, so that the slowest is the pace of all.
    const paces = session.stages.map(({ at }) => (at === undefined ? 0 : at.coresOf()))
    for (const [index, stage] of session.stages.entries())
      this.#work(stage, paces[index] ?? 0, session)
    const done = session.stages.every(({ doneCoreMs }) => doneCoreMs >= STAGE_CORE_MS)
    if (!done) return
    for (const stage of session.stages) stage.at?.stages.delete(stage)
    this.totals.sessionsDone++
    this.#trace.note(this.#wallMs, 1_001, this.totals.sessionsDone)
    session.stages = newSession(this.#plan.stages).stages
  }

  #work(stage: Stage, cores: number, { stages }: Session): void {
    const budget = cores * this.#plan.tickMs
    const replayed = Math.min(stage.replayCoreMs, budget)
    stage.replayCoreMs -= replayed
    this.totals.replayedCoreMs += replayed
    const before = stages[stages.indexOf(stage) - 1]
    const given = before === undefined ? STAGE_CORE_MS : before.doneCoreMs
    const did = Math.max(0, Math.min(budget - replayed, given - stage.doneCoreMs))
    stage.doneCoreMs += did
    this.totals.coreMs += did
  }

  /** The device with the most to give takes the stage, of each session one; if none may, it waits. */
  #seat({ stages }: Session, stage: Stage, free: CampusDevice[]): void {
    const place = free.findIndex((device) => !stages.some(({ at }) => at === device))
    const best = free[place]
    if (best === undefined) return
    if (stage.wasSeated) {
      this.totals.moves++
      stage.replayCoreMs = Math.min(stage.doneCoreMs, REPLAY_CORE_MS)
    }
    stage.wasSeated = true
    stage.at = best
    best.stages.add(stage)
    // It has less to give to the next.
    free.splice(place, 1)
    if (best.hasRoom) free.push(best)
    this.#trace.note(this.#wallMs, 1_002, best.number)
  }
}

interface Stage {
  at: CampusDevice | undefined
  wasSeated: boolean
  doneCoreMs: number
  replayCoreMs: number
}

interface Session {
  stages: readonly Stage[]
}

function newSession(stages: number): Session {
  return {
    stages: Array.from({ length: stages }, () => ({
      at: undefined,
      wasSeated: false,
      doneCoreMs: 0,
      replayCoreMs: 0,
    })),
  }
}

const SOURCES = { flags: {}, env: {}, platform: 'linux', homeDir: '/nowhere' } as const

/** A device with its people, its heat and its governor. */
export class CampusDevice {
  readonly number: number
  readonly stages = new Set<Stage>()
  readonly cores: number
  readonly startWallMs: number
  readonly hardCelsius: number
  level = 0
  readonly #player: TracePlayer
  readonly #contestant: GovernorContestant
  #wallMs: number

  constructor(number: number, scene: SceneName, seed: number) {
    const trace = generateTrace(scene, { days: 1, seed })
    const policy = policyOf(trace.header)
    this.number = number
    this.cores = trace.events.find(({ signals }) => signals?.cpu)?.signals?.cpu?.cores ?? 4
    this.startWallMs = trace.header.wallMs
    this.#wallMs = this.startWallMs
    this.hardCelsius = policy.cpuHardCelsius
    this.#player = new TracePlayer(trace)
    this.#contestant = new GovernorContestant(policy)
  }

  /** Lives up to `wallMs`; undefined while it sleeps. */
  tick(wallMs: number, tickMs: number): TracePlace | undefined {
    // It slept ahead: nobody is there until the campus has caught up.
    if (this.#wallMs >= wallMs) {
      this.level = 0
      return undefined
    }
    const place = this.#player.step(tickMs, this.stages.size > 0 ? this.level : 0)
    if (place === undefined) {
      this.level = 0
      return undefined
    }
    this.#wallMs = place.sample.wallMs
    this.level = this.#contestant.level(place)
    return place
  }

  /** Whether a stage may come here. */
  get hasRoom(): boolean {
    return this.level > 0 && this.stages.size < this.cores
  }

  /** Processors for each stage, once `more` have come. */
  coresFor(more: number): number {
    const stages = this.stages.size + more
    return stages === 0 ? 0 : Math.min(STAGE_CORES_MAX, (this.level * this.cores) / stages)
  }

  /** Processors for each of the stages that are here. */
  coresOf(): number {
    return this.coresFor(0)
  }
}

function policyOf({ template }: TraceHeader): HarvestPolicy {
  return harvestPolicy(loadConfig(SOURCES).config.harvest, template)
}
