/**
 * Turns a model and the devices that are known into a placement.
 *
 * @module
 */

import { type Tier, tierAtLeast } from '../../../attestation/index.ts'
import type { PeerId } from '../../../core/ids.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import { TEXTS_TOGETHER_MAX } from '../../runtime/limits.ts'
import { PlacementError } from '../placement/errors.ts'
import { forecast } from '../placement/forecast.ts'
import type { PlacementCandidate, PlacementRequest, Plan, PlanStage } from '../placement/plan.ts'
import { solveOneClass } from '../placement/one-class.ts'
import { chooseReplacement } from '../placement/replacement.ts'
import { solvePlacement } from '../placement/solve.ts'
import { leaveChance, type Staying } from '../placement/staying.ts'
import { BadStages, type LostStage } from './bad-stages.ts'
import type { LinkTable } from './link-table.ts'
import { PlanMemory } from './plan-memory.ts'
import type { PlannedDevice, PlanWish, Requirements } from './plan-wish.ts'
import { bytesAt, heldBytes, placementLayers } from './placement-layers.ts'
import { PredictionTable } from './prediction-table.ts'
import { toldPaces } from './told-paces.ts'
import { type LostPlace, replacementTries } from './replacement-tries.ts'
import type { SpeedEstimate, SpeedQuestion, SpeedSample, SpeedTable } from './speed-table.ts'
import { chooseWires, type WireChoice, wiresKey } from './wire-choice.ts'

/** What a plan is expected to do, as people are shown it. */
export interface Prediction {
  /** One step alone. */
  readonly latencyMs: number
  /** Steps a second with `streams` under way, of all together. */
  readonly perS: number
  readonly streams: number
  /** The least that is known of one of its devices: nobody ran the model, others did, it says that it has, was tested, or has run it. */
  readonly basis: SpeedEstimate['basis']
  /** How far off the last prediction for this way through the devices was; undefined before any. */
  readonly errorPercent: number | undefined
  /** {@link Prediction.perS} by the cost model, before what was learned of this way. */
  readonly modelledPerS: number
}

/** A plan with what it was made from, so that replacements are chosen alike. */
export interface Planned extends WireChoice {
  readonly model: CatalogueModel
  readonly plan: Plan
  readonly request: PlacementRequest
  readonly wish: PlanWish
  readonly prediction: Prediction
}

export interface PlannerComponents {
  readonly self: PeerId
  readonly links: LinkTable
  readonly speeds: SpeedTable
  readonly nowMs: () => number
  /** Records of all devices that may take stages, this one's included. */
  records(): readonly PlannedDevice[]
  /** Devices that may not be chosen, and why. */
  excluded(): ReadonlyMap<PeerId, string>
  /** What a device is taken for now; undefined when nobody asked it. */
  tierOf(peer: PeerId): Tier | undefined
  /** The certified score of a device, in [0, 1]; undefined while it has none. */
  scoreOf(peer: PeerId): number | undefined
  /** Finds out how far away devices are of whose links nothing is known yet. Never rejects. */
  survey(peers: readonly PeerId[]): Promise<void>
  /** Asks those for evidence whose appraisal is not fresh, until `signal` aborts. Never rejects. */
  appraise(peers: readonly PeerId[], signal: AbortSignal | undefined): Promise<void>
}

/** What a job or text measured of one of its stages. */
export interface StageRun extends SpeedSample {
  readonly peer: PeerId
  /** Of the job's inputs, as in {@link PlanWish}. */
  readonly scale: number
}

/** A stage that has come to serve. */
export interface ReadyStage {
  readonly peer: PeerId
  readonly fromLayer: number
  readonly toLayer: number
  readonly loadMs: number
  /** One row of a text, as the stage's test measured it; 0 where it did not. */
  readonly stepMs: number
  /** What a row of another text adds to a run, where both are run together. */
  readonly besideMs: number | undefined
  /** What a row takes in a run of many. */
  readonly chunkMs: number | undefined
  /** Round trip of a ping to it. */
  readonly rttMs: number | undefined
}

/** How quickly a text came, over the devices that wrote it. */
export interface PaceReport {
  /** Steps a second of this text. */
  readonly perS: number
  /** Texts that were under way, on average. */
  readonly streams: number
  /** What was shown for so many. */
  readonly shownPerS: number
}

export interface PlannerInit {
  readonly inFlightMax: number
  /** How long a stage that nobody uses stays loaded. */
  readonly loadedMs: number
}

/** From least to most. */
const BASES = ['benchmark', 'others', 'told', 'probe', 'measured'] as const

export class Planner {
  readonly #components: PlannerComponents
  readonly #init: PlannerInit
  readonly #memory: PlanMemory
  readonly #bad = new BadStages()
  readonly #predictions = new PredictionTable()

  constructor(components: PlannerComponents, init: PlannerInit) {
    this.#components = components
    this.#init = init
    this.#memory = new PlanMemory(init.loadedMs)
  }

  /**
   * Finds out how far away the devices are that may be chosen: to be called before a plan is made. Who replaces a
   * lost stage is chosen by what is known.
   */
  async survey(): Promise<void> {
    const { self } = this.#components
    const peers = this.#there().map(({ peer }) => peer)
    await this.#components.survey(peers.filter((peer) => peer !== self))
  }

  /**
   * Finds out which devices fulfil `requirements`: to be called before a plan with them.
   *
   * Only those are asked that say that they might; their word saves questions, and counts for nothing else.
   */
  async qualify({ tier }: Requirements = {}, signal?: AbortSignal): Promise<void> {
    if (tier === undefined) return
    const hopeful = this.#there().filter((record) => tierAtLeast(record.tier, tier))
    await this.#components.appraise(
      hopeful.map(({ peer }) => peer),
      signal,
    )
  }

  /** Records of those that may be chosen. */
  #there(): readonly PlannedDevice[] {
    const excluded = this.#components.excluded()
    return this.#components.records().filter(({ peer }) => !excluded.has(peer))
  }

  /** @throws {PlacementError} when there is no place for the model. */
  plan(model: CatalogueModel, wish: PlanWish): Planned {
    const bad = this.#bad.of(model.id, this.#components.nowMs())
    const avoid = bad.size === 0 ? wish.avoid : new Map([...bad, ...(wish.avoid ?? [])])
    try {
      return { ...this.#plan(model, avoid === undefined ? wish : { ...wish, avoid }), wish }
    } catch (error) {
      // Rather there than nowhere, and late than never.
      if (!(error instanceof PlacementError)) throw error
      return { ...this.#plan(model, { ...wish, waits: true }), wish }
    }
  }

  #plan(model: CatalogueModel, wish: PlanWish): Planned {
    const isUsual = wish.avoid === undefined && wish.cuts === undefined
    const previous = isUsual ? this.#memory.plan(wishKey(model, wish)) : undefined
    const asked = this.#request(model, wish, previous)
    const solved =
      wish.text === undefined
        ? { request: asked, plan: solvePlacement(asked) }
        : solveOneClass(asked, wish.numericClass)
    const planned = { model, wish, ...chooseWires(wish.wire, solved, this.#components.links) }
    const { stages, predictedLatencyMs: latencyMs, predictedPerS: perS } = planned.plan
    const streams = asked.inFlight
    const prediction = this.#prediction(planned, stages, { latencyMs, perS, streams })
    return { ...planned, prediction }
  }

  /** The plan is taken: the next one for the same wish stays with it unless another is clearly better. */
  adopt({ model, plan, wish }: Planned): void {
    this.#memory.adopt(wishKey(model, wish), plan.stages)
  }

  /**
   * Who takes the lost stage: anyone else who can, else one of `again`, who failed but are still there. In a
   * text, those come first that are known to compute as its holder did, then those of whom it is not known;
   * the others only where `anyClass` lets them.
   */
  replacement(planned: Planned, lost: LostPlace): PeerId | undefined {
    const { model, request, wish } = planned
    const { stages, stageIndex } = lost
    const { numericClass: _, ...anyone } = request
    const today = { ...anyone, excluded: this.#excluded(wish) }
    const bad = this.#bad.of(model.id, this.#components.nowMs())
    const tries = replacementTries(
      {
        free: this.#candidates(model, wish),
        all: this.#candidates(model, { ...wish, waits: true }),
        holderClass: wish.numericClass ?? this.classOf(planned, stages[stageIndex]?.peer),
      },
      { ...lost, bad: [...bad.keys()] },
    )
    for (const { candidates, excluded } of tries) {
      const choice = chooseReplacement({
        request: { ...today, candidates },
        stages,
        stageIndex,
        excluded: new Set(excluded),
      })
      if (choice.type === 'replacement') return choice.replacement.stage.peer
    }
    return undefined
  }

  /** The numeric class that a device of a text computes in, by its own word; undefined where it is not known. */
  classOf({ request, wish }: Planned, peer: PeerId | undefined): string | undefined {
    if (wish.text === undefined) return undefined
    // One that is gone is known by what it said when the plan was made.
    const known = [...this.#components.records(), ...request.candidates]
    return known.find((each) => each.peer === peer && each.numericClass !== undefined)?.numericClass
  }

  /** A stage was lost: its device may be asked last for a while. */
  noteLost(lost: LostStage): void {
    this.#bad.note(lost, this.#components.nowMs())
  }

  /** A device was replaced for what is not its fault. */
  forgive(peer: PeerId): void {
    this.#bad.forgive(peer)
  }

  /** Devices that have as many stages open as may run together, by their own word. */
  busy(): ReadonlySet<PeerId> {
    const records = this.#components.records()
    return new Set(
      records.flatMap(({ peer, streams }) => (streams >= TEXTS_TOGETHER_MAX ? peer : [])),
    )
  }

  /** How likely a device is gone in so long, by its lease and its owner's habits; in [0, 1]. */
  leaveChance(peer: PeerId, durationMs: number): number {
    if (peer === this.#components.self) return 0
    const record = this.#components.records().find((known) => known.peer === peer)
    if (record === undefined || record.leaseMs < durationMs) return 1
    return record.forecast === undefined ? 0 : leaveChance(stayingOf(record.forecast), durationMs)
  }

  /** Learns from a stage that has come to serve what it can, before it has done anything. */
  noteReady({ model, wish }: Planned, ready: ReadyStage): void {
    const { peer, fromLayer, toLayer, stepMs, besideMs, chunkMs, rttMs } = ready
    const { self, links, speeds, nowMs } = this.#components
    if (peer !== self && rttMs !== undefined) links.notePing(peer, rttMs)
    this.#memory.noteLoaded({ ...ready, model: model.id }, nowMs())
    const computeMs = stepMs / wish.scale
    speeds.note(this.#question(model, wish, peer), {
      fromLayer,
      toLayer,
      computeMs,
      source: 'probe',
      ...(besideMs === undefined ? {} : { besideMs: besideMs / wish.scale }),
      ...(chunkMs === undefined ? {} : { chunkMs: chunkMs / wish.scale }),
    })
  }

  /** Learns how fast the devices of a job or text really were. */
  learn({ model, wish }: Planned, runs: readonly StageRun[]): void {
    const { speeds, nowMs } = this.#components
    for (const { peer, scale, ...run } of runs) {
      this.#memory.noteLoaded({ ...run, model: model.id, peer, loadMs: 0 }, nowMs())
      const sample = { ...run, computeMs: run.computeMs / scale }
      speeds.note(this.#question(model, wish, peer), sample)
    }
  }

  /** What the plan is expected to do by what is known now, on the devices that hold its stages now. */
  foresee(planned: Planned, stages: readonly PlanStage[], streams: number): Prediction {
    const { model, wish, request } = planned
    const candidates = this.#candidates(model, wish)
    const links = this.#components.links.measured()
    const cost = forecast({ ...request, candidates, links, inFlight: streams }, stages)
    if (cost === undefined) return planned.prediction
    const { latencyMs, perS } = cost
    return this.#prediction(planned, stages, { latencyMs, perS, streams })
  }

  /**
   * Keeps how far off the prediction for this way was, and what is to be corrected beside what was
   * learned of its devices and links: to be told after {@link Planner.learn}.
   */
  judge(planned: Planned, stages: readonly PlanStage[], report: PaceReport): void {
    const streams = Math.max(1, report.streams)
    const { modelledPerS } = this.foresee(planned, stages, streams)
    this.#predictions.note(routeKey(planned, stages, streams), {
      modelled: modelledPerS / streams,
      shown: report.shownPerS,
      measured: report.perS,
    })
  }

  #prediction(
    planned: Omit<Planned, 'prediction'>,
    stages: readonly PlanStage[],
    modelled: Pick<Prediction, 'latencyMs' | 'perS' | 'streams'>,
  ): Prediction {
    const { latencyMs, perS, streams } = modelled
    const alone = this.#predictions.of(routeKey(planned, stages, 1))
    const past = this.#predictions.of(routeKey(planned, stages, streams))
    const bases = stages.map(({ peer }) =>
      BASES.indexOf(this.#speed(planned.model, planned.wish, peer).basis),
    )
    return {
      latencyMs: latencyMs / (alone?.factor ?? 1),
      perS: perS * (past?.factor ?? 1),
      streams,
      basis: BASES[Math.min(...bases)] ?? 'benchmark',
      errorPercent: past?.errorPercent,
      modelledPerS: perS,
    }
  }

  #request(
    model: CatalogueModel,
    wish: PlanWish,
    previous: readonly PlanStage[] | undefined,
  ): PlacementRequest {
    const { manifest } = model
    const { self, links } = this.#components
    const { tier: tierMin, score: scoreMin } = wish.requirements ?? {}
    const isText = wish.text !== undefined
    return {
      layers: placementLayers(manifest, wish),
      inputBytes: wish.scale * bytesAt(manifest.cuts[0]),
      candidates: this.#candidates(model, wish),
      requester: self,
      links: links.measured(),
      stages: wish.stages,
      cuts: wish.cuts,
      replicas: wish.replicas === 'auto' && wish.inputs === 1 ? 1 : wish.replicas,
      objective: wish.objective,
      unit: isText ? 'token' : 'input',
      // Stages of a text make its steps themselves: what is drawn goes to the first one at once.
      returns: isText ? 'first' : 'requester',
      // Each text is a session of its own: no window holds it back.
      inFlight: isText ? wish.inputs : Math.min(wish.inputs, this.#init.inFlightMax),
      steps: wish.text?.positions ?? wish.inputs,
      excluded: this.#excluded(wish),
      previous,
      ...(tierMin === undefined ? {} : { tierMin }),
      ...(scoreMin === undefined ? {} : { scoreMin }),
    }
  }

  /** Who may not be chosen, those included that lack the provider that was asked for. */
  #excluded({ provider, avoid }: PlanWish): ReadonlyMap<PeerId, string> {
    const excluded = new Map(this.#components.excluded())
    for (const [peer, reason] of avoid ?? []) excluded.set(peer, reason)
    if (provider === 'auto') return excluded
    for (const { peer, providers } of this.#components.records()) {
      if (!providers.includes(provider)) excluded.set(peer, `it has no provider ${provider}`)
    }
    return excluded
  }

  #candidates(model: CatalogueModel, wish: PlanWish): readonly PlacementCandidate[] {
    const { self, links, nowMs } = this.#components
    const loaded = this.#memory.loaded(model.id, nowMs())
    // Where nothing is loaded, every plan has to load all that it needs.
    const loadMs = loaded.size === 0 ? 0 : this.#memory.loadMs(model.id)
    return this.#components.records().map((record) => {
      const own = record.peer === self
      const tier = this.#components.tierOf(record.peer)
      const score = this.#components.scoreOf(record.peer)
      const { rttMs, mbps } = links.estimate(record.peer)
      const { basis: _, ...speed } = this.#speed(model, wish, record.peer)
      return {
        peer: record.peer,
        name: record.name,
        ...speed,
        level: record.levelQuarters / 4,
        memoryBytes: record.memoryFreeBytes,
        ...(wish.waits === true ? {} : { textBytes: record.textMebibytes * 2 ** 20 }),
        heldBytes: heldBytes(model.manifest, record, model),
        rttMs: own ? 0 : rttMs,
        linkMbps: own ? 1_000_000 : mbps,
        loaded: loaded.get(record.peer) ?? [],
        loadMs,
        ...(own || record.forecast === undefined ? {} : { staying: stayingOf(record.forecast) }),
        ...(tier === undefined ? {} : { tier }),
        ...(score === undefined ? {} : { score }),
        ...classIn(record, wish),
      }
    })
  }

  /** What a device may be expected to do with a step of the wish. */
  #speed(model: CatalogueModel, wish: PlanWish, peer: PeerId): SpeedEstimate {
    const { speeds } = this.#components
    const { layerMs, ...speed } = speeds.estimate(this.#question(model, wish, peer))
    return {
      ...speed,
      // An unmeasured device is taken for a slow one, not for none.
      gflopsPerS: speed.gflopsPerS > 0 ? speed.gflopsPerS : 1,
      ...(layerMs === undefined ? {} : { layerMs: layerMs.map((ms) => ms * wish.scale) }),
    }
  }

  #question({ id, manifest }: CatalogueModel, wish: PlanWish, peer: PeerId): SpeedQuestion {
    const record = this.#components.records().find((known) => known.peer === peer)
    return {
      model: id,
      peer,
      benchmark: record === undefined ? 0 : benchmarkOf(record, wish.provider),
      layerFlops: manifest.layers.map(({ flops }) => flops),
      isText: wish.text !== undefined,
      position: (wish.text?.positions ?? 0) / 2,
      told: record === undefined ? [] : toldPaces(record, { id, wish }),
    }
  }
}

/** 10^9 operations a second, as the device measured itself; 0 when it did not. */
function benchmarkOf({ speeds }: PlannedDevice, provider: PlanWish['provider'] = 'auto'): number {
  const accelerated = provider !== 'auto' && provider !== 'cpu' && speeds.gpuF32MflopsPerS > 0
  return (accelerated ? speeds.gpuF32MflopsPerS : speeds.f32MflopsPerS) / 1000
}

/** The class that counts for a text, which is that of the processor. */
function classIn(
  { numericClass }: PlannedDevice,
  { text, provider }: PlanWish,
): Pick<PlacementCandidate, 'numericClass'> {
  const counts = text !== undefined && (provider === 'auto' || provider === 'cpu')
  return counts && numericClass !== undefined ? { numericClass } : {}
}

/** What a device says of itself, in quarters. */
function stayingOf(stays: NonNullable<PlannedDevice['forecast']>): Staying {
  return {
    for5min: stays.staysFor5minQuarters / 4,
    for15min: stays.staysFor15minQuarters / 4,
    for60min: stays.staysFor60minQuarters / 4,
  }
}

/** Equal for what asks for the same plan. */
function wishKey({ id }: CatalogueModel, wish: PlanWish): string {
  const { stages, replicas, objective, provider, requirements } = wish
  return [id, stages, replicas, objective, provider, requirements?.tier, requirements?.score].join(
    ' ',
  )
}

/** Equal for what takes the same way with about as many others: up to twice as many. */
function routeKey(
  { model, wires, wish }: Omit<Planned, 'prediction'>,
  stages: readonly PlanStage[],
  streams: number,
): string {
  const way = stages.map(({ peer, fromLayer, toLayer }) => `${peer}:${fromLayer}-${toLayer}`)
  const together = Math.floor(Math.log2(streams))
  return [model.id, wiresKey(wires), wish.provider, together, ...way].join(' ')
}
