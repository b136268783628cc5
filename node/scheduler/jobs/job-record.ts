/**
 * What is known of one job, and how the API shows it.
 *
 * @module
 */

import type { JobId, ModelId, PeerId } from '../../../core/ids.ts'
import type { Hop } from '../../../protocols/inference/index.ts'
import { EventLog } from '../../api/event-log.ts'
import type {
  JobEvent,
  JobHop,
  JobRecovery,
  JobStage,
  JobState,
  JobView,
} from '../../api/schemas/jobs.ts'
import type { PlanView } from '../../api/schemas/plan.ts'
import type { Problem } from '../../api/schemas/problem.ts'
import type { PlanStage } from '../placement/plan.ts'
import { Samples } from './samples.ts'
import { Settlements } from './settlements.ts'

/** What the plan says of a stage, whoever holds it. */
export type StagePlace = Pick<
  JobStage,
  'replica' | 'index' | 'fromLayer' | 'toLayer' | 'provider' | 'weightBytes'
> & { readonly cutBytes: number }

/** One stage of one replica, with what was measured of it. */
export class StageRecord {
  readonly view: StagePlace
  peer: PeerId
  name: string
  state: JobStage['state'] = 'waiting'
  /** What it really holds, once it serves: a plan counts a tensor that layers share in parts. */
  weightBytes: number | undefined
  readonly compute = new Samples()
  readonly transfer = new Samples()
  bytesIn = 0
  bytesOut = 0

  constructor(view: StagePlace, peer: PeerId, name: string) {
    this.view = view
    this.peer = peer
    this.name = name
  }

  show(): JobStage {
    const computeMs = this.compute.quantile(0.5)
    const transferMs = this.transfer.quantile(0.5)
    const { cutBytes: _planned, ...place } = this.view
    return {
      ...place,
      weightBytes: this.weightBytes ?? place.weightBytes,
      peer: this.peer,
      name: this.name,
      state: this.state,
      steps: this.compute.count,
      ...(computeMs === undefined ? {} : { computeMs }),
      ...(transferMs === undefined ? {} : { transferMs }),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
    }
  }
}

/** The stages of one replica as they were planned, each on its device. */
export function stageRecords(stages: readonly PlanStage[], init: StageRecordsInit): StageRecord[] {
  const { replica, provider } = init
  return stages.map(({ peer, fromLayer, toLayer, weightBytes, cutBytes }, index) => {
    const place = { replica, index, fromLayer, toLayer, weightBytes }
    const shown = provider === 'auto' ? ('cpu' as const) : provider
    const view = { ...place, provider: shown, cutBytes: Math.round(cutBytes) }
    return new StageRecord(view, peer, init.nameOf(peer))
  })
}

export interface StageRecordsInit {
  readonly replica: number
  readonly provider: 'auto' | JobStage['provider']
  nameOf(peer: PeerId): string
}

/** One link of one replica: to a stage, or from the last one back. */
export interface HopRecord {
  readonly replica: number
  readonly from: string
  readonly to: string
  readonly ms: Samples
  readonly bytes: Samples
}

/** Least time between two events of progress: more says no more to anybody, and costs each reader. */
const PROGRESS_MS_MIN = 20

export class JobRecord {
  readonly id: JobId
  readonly model: ModelId
  readonly modelName: string
  readonly createdMs: number
  readonly inputsTotal: number
  readonly events = new EventLog<JobEvent>()
  readonly #elapsed = new Samples()
  readonly #overhead = new Samples()
  #firstOutputMs: number | undefined
  #lastOutputMs = 0
  #progressMs = -Infinity
  stages: StageRecord[] = []
  hops: HopRecord[] = []
  plan: PlanView | undefined
  readonly outputs: JobView['outputs'] = []
  readonly recoveries: JobRecovery[] = []
  readonly receipts: JobView['receipts'] = []
  readonly settlements = new Settlements()
  readonly notes: string[] = []
  #state: JobState = 'queued'
  #error: Problem | undefined
  #finishedMs: number | undefined

  constructor(init: {
    readonly id: JobId
    readonly model: ModelId
    readonly modelName: string
    readonly createdMs: number
    readonly inputsTotal: number
  }) {
    this.id = init.id
    this.model = init.model
    this.modelName = init.modelName
    this.createdMs = init.createdMs
    this.inputsTotal = init.inputsTotal
  }

  get state(): JobState {
    return this.#state
  }

  get over(): boolean {
    return OVER.has(this.#state)
  }

  enter(state: JobState): void {
    if (this.over || state === this.#state) return
    this.#state = state
    this.events.append({ type: 'state', state })
  }

  note(text: string): void {
    this.notes.push(text)
    this.events.append({ type: 'note', text })
  }

  /** An input came through all stages at `nowMs`, `elapsedMs` after it left. */
  noteOutput(elapsedMs: number, hops: readonly Hop[], nowMs: number): void {
    const computeUs = hops.reduce((sum, hop) => sum + hop.computeUs, 0)
    this.#elapsed.add(elapsedMs)
    this.#overhead.add(Math.max(0, elapsedMs - computeUs / 1000))
    this.#firstOutputMs ??= nowMs
    this.#lastOutputMs = nowMs
  }

  /** The output of one input is kept, at `nowMs`. */
  noteKept(output: JobView['outputs'][number], nowMs: number): void {
    this.outputs.push(output)
    const { inputsTotal } = this
    const inputsDone = this.outputs.length
    if (inputsDone < inputsTotal && nowMs - this.#progressMs < PROGRESS_MS_MIN) return
    this.#progressMs = nowMs
    this.events.append({ type: 'progress', inputsDone, inputsTotal })
  }

  /** Ends the job, once; later calls change nothing. */
  end(wallMs: number, how: 'done' | 'cancelled' | Problem): void {
    if (this.over) return
    // Wall clocks are set back at times; a job never ends before it came.
    this.#finishedMs = Math.max(this.createdMs, Math.round(wallMs))
    if (how === 'done' || how === 'cancelled') this.#state = how
    else {
      this.#state = 'failed'
      this.#error = how
    }
    this.events.append({ type: 'state', state: this.#state })
    if (how === 'done') this.events.append({ type: 'done', job: this.show() })
    else if (how === 'cancelled') this.events.append({ type: 'cancelled' })
    else this.events.append({ type: 'failed', error: how })
    this.events.end()
  }

  show(): JobView {
    return {
      id: this.id,
      model: this.model,
      modelName: this.modelName,
      state: this.#state,
      ...(this.#error === undefined ? {} : { error: this.#error }),
      createdMs: this.createdMs,
      ...(this.#finishedMs === undefined
        ? {}
        : { finishedMs: this.#finishedMs, totalMs: this.#finishedMs - this.createdMs }),
      ...(this.plan === undefined ? {} : { plan: this.plan, predictedMs: this.plan.predictedMs }),
      progress: { inputsDone: this.outputs.length, inputsTotal: this.inputsTotal },
      stages: this.stages.map((stage) => stage.show()),
      hops: this.hops.flatMap(showHop),
      recoveries: [...this.recoveries],
      receipts: [...this.receipts],
      settlements: this.settlements.show(),
      outputs: this.outputs.toSorted((a, b) => a.input - b.input),
      ...this.#showTimes(),
      notes: [...this.notes],
    }
  }

  #showTimes(): Pick<JobView, 'measuredMs' | 'measuredPerSecond' | 'overhead'> {
    const measuredMs = this.#elapsed.quantile(0.5)
    const p50Ms = this.#overhead.quantile(0.5)
    const p95Ms = this.#overhead.quantile(0.95)
    if (measuredMs === undefined || p50Ms === undefined || p95Ms === undefined) return {}
    const tookMs = this.#lastOutputMs - (this.#firstOutputMs ?? 0)
    // The first output only starts the clock.
    const measuredPerSecond = (1000 * (this.#elapsed.count - 1)) / tookMs
    return {
      measuredMs,
      overhead: { p50Ms, p95Ms },
      ...(tookMs > 0 ? { measuredPerSecond } : {}),
    }
  }
}

const OVER: ReadonlySet<JobState> = new Set(['done', 'failed', 'cancelled'])

export function showHop({ replica, from, to, ms, bytes }: HopRecord): JobHop[] {
  const p50Ms = ms.quantile(0.5)
  const p95Ms = ms.quantile(0.95)
  if (p50Ms === undefined || p95Ms === undefined) return []
  return [{ replica, from, to, bytes: bytes.quantile(0.5) ?? 0, p50Ms, p95Ms }]
}
