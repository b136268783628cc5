/**
 * Turns a model and the devices that are known into a placement.
 *
 * @module
 */

import { type Tier, tierAtLeast } from '../../../attestation/index.ts'
import type { ModelId, PeerId } from '../../../core/ids.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import { cacheBytesPerToken, cutBytes, type Cut, type Manifest } from '../../../models/index.ts'
import type { CapabilityRecord } from '../../../protocols/presence/index.ts'
import type { Provider } from '../../runtime/provider.ts'
import type {
  PlacementCandidate,
  PlacementLayer,
  PlacementObjective,
  PlacementRequest,
  Plan,
  PlanStage,
} from '../placement/plan.ts'
import { chooseReplacement } from '../placement/replacement.ts'
import { solvePlacement } from '../placement/solve.ts'
import type { LinkTable } from './link-table.ts'
import type { SpeedTable } from './speed-table.ts'

/** What every device that takes a stage must be. */
export interface Requirements {
  /** By evidence that this device has seen itself: what a record says counts for nothing. */
  readonly tier?: Tier | undefined
}

/** What a job asks of the placement. */
export interface PlanWish {
  readonly stages: 'auto' | number
  readonly replicas: 'auto' | number
  readonly objective: PlacementObjective
  readonly wire: 'auto' | 'f32' | 'f16'
  readonly provider: 'auto' | Provider
  readonly requirements?: Requirements | undefined
  readonly inputs: number
  /** Elements of one input, as a multiple of the sample with which costs were measured. */
  readonly scale: number
  /** A text: the stages keep keys and values for so many tokens. */
  readonly text?: { readonly positions: number }
}

/** A plan with what it was made from, so that replacements are chosen alike. */
export interface Planned {
  readonly model: CatalogueModel
  readonly plan: Plan
  readonly request: PlacementRequest
  readonly wire: 'f32' | 'f16'
  readonly provider: PlanWish['provider']
}

/** What the planner reads of a capability record. */
export type PlannedDevice = Pick<
  CapabilityRecord,
  | 'peer'
  | 'name'
  | 'providers'
  | 'speeds'
  | 'levelQuarters'
  | 'memoryFreeBytes'
  | 'holdings'
  | 'tier'
>

export interface PlannerComponents {
  readonly self: PeerId
  readonly links: LinkTable
  readonly speeds: SpeedTable
  /** Records of all devices that may take stages, this one's included. */
  records(): readonly PlannedDevice[]
  /** Devices that may not be chosen, and why. */
  excluded(): ReadonlyMap<PeerId, string>
  /** What a device is taken for now; undefined when nobody asked it. */
  tierOf(peer: PeerId): Tier | undefined
  /** Asks those for evidence whose appraisal is not fresh, until `signal` aborts. Never rejects. */
  appraise(peers: readonly PeerId[], signal: AbortSignal | undefined): Promise<void>
}

/** What a job measured of one of its stages. */
export interface StageRun {
  readonly peer: PeerId
  readonly fromLayer: number
  readonly toLayer: number
  /** Median of one input. */
  readonly computeMs: number
  /** Of the job's inputs, as in {@link PlanWish}. */
  readonly scale: number
}

export interface PlannerInit {
  readonly inFlightMax: number
}

/** Models of which the last place is remembered. */
const LAST_MAX = 256

/** Below this rate activations cross as binary16 unless the job says otherwise, in Mbit/s. */
const SLOW_LINK_MBPS = 100

export class Planner {
  readonly #components: PlannerComponents
  readonly #init: PlannerInit
  /** Where each model ran last: kept unless another place is clearly better. */
  readonly #last = new Map<ModelId, readonly PlanStage[]>()

  constructor(components: PlannerComponents, init: PlannerInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * Finds out which devices fulfil `requirements`: to be called before a plan with them.
   *
   * Only those are asked that say that they might; their word saves questions, and counts for nothing else.
   */
  async qualify({ tier }: Requirements = {}, signal?: AbortSignal): Promise<void> {
    if (tier === undefined) return
    const excluded = this.#components.excluded()
    const hopeful = this.#components
      .records()
      .filter((record) => !excluded.has(record.peer) && tierAtLeast(record.tier, tier))
    await this.#components.appraise(
      hopeful.map(({ peer }) => peer),
      signal,
    )
  }

  /** @throws {PlacementError} when there is no place for the model. */
  plan(model: CatalogueModel, wish: PlanWish): Planned {
    const request = this.#request(model, wish, this.#last.get(model.id))
    const plan = solvePlacement(request)
    return { model, plan, request, wire: this.#wire(wish, plan), provider: wish.provider }
  }

  /** Who takes the lost stage: anyone else who can, else one of `again`, who failed but are still there. */
  replacement(
    { model, request, provider }: Planned,
    lost: {
      readonly stages: readonly PlanStage[]
      readonly stageIndex: number
      readonly excluded: readonly PeerId[]
      readonly again: readonly PeerId[]
    },
  ): PeerId | undefined {
    const { stages, stageIndex } = lost
    const candidates = this.#candidates(model.manifest, model, provider)
    const today = { ...request, candidates, excluded: this.#excluded(provider) }
    const tries = [lost.excluded, lost.excluded.filter((peer) => !lost.again.includes(peer))]
    for (const excluded of tries) {
      const choice = chooseReplacement({
        request: today,
        stages,
        stageIndex,
        excluded: new Set(excluded),
      })
      if (choice.type === 'replacement') return choice.replacement.stage.peer
    }
    return undefined
  }

  /** Learns from a job that is done where its model ran, and how fast the devices really were. */
  learn({ model, plan }: Planned, runs: readonly StageRun[]): void {
    const records = this.#components.records()
    const [oldest] = this.#last.keys()
    if (this.#last.size >= LAST_MAX && oldest !== undefined) this.#last.delete(oldest)
    this.#last.set(model.id, plan.stages)
    for (const { peer, fromLayer, toLayer, computeMs, scale } of runs) {
      const record = records.find((known) => known.peer === peer)
      const layers = model.manifest.layers.slice(fromLayer, toLayer)
      const flops = scale * layers.reduce((sum, layer) => sum + layer.flops, 0)
      const gflopsPerS = flops / computeMs / 1e6
      const benchmark = record === undefined ? 0 : benchmarkOf(record)
      this.#components.speeds.note(model.id, peer, gflopsPerS, benchmark)
    }
  }

  #request(
    model: CatalogueModel,
    wish: PlanWish,
    previous: readonly PlanStage[] | undefined,
  ): PlacementRequest {
    const { manifest } = model
    const tierMin = wish.requirements?.tier
    return {
      layers: layersOf(manifest, wish),
      inputBytes: wish.scale * bytesAt(manifest.cuts[0]),
      candidates: this.#candidates(manifest, model, wish.provider),
      requester: this.#components.self,
      stages: wish.stages,
      replicas: wish.replicas === 'auto' && wish.inputs === 1 ? 1 : wish.replicas,
      objective: wish.objective,
      unit: wish.text === undefined ? 'input' : 'token',
      inFlight: Math.min(wish.inputs, this.#init.inFlightMax),
      excluded: this.#excluded(wish.provider),
      ...(tierMin === undefined ? {} : { tierMin }),
      ...(previous === undefined ? {} : { previous }),
    }
  }

  /** Who may not be chosen, those included that lack the provider that was asked for. */
  #excluded(provider: PlanWish['provider']): ReadonlyMap<PeerId, string> {
    const excluded = new Map(this.#components.excluded())
    if (provider === 'auto') return excluded
    for (const { peer, providers } of this.#components.records()) {
      if (!providers.includes(provider)) excluded.set(peer, `it has no provider ${provider}`)
    }
    return excluded
  }

  #candidates(
    manifest: Manifest,
    model: CatalogueModel,
    provider: PlanWish['provider'] = 'auto',
  ): readonly PlacementCandidate[] {
    const { self, links, speeds } = this.#components
    return this.#components.records().map((record) => {
      const own = record.peer === self
      const tier = this.#components.tierOf(record.peer)
      const { rttMs, mbps } = links.estimate(record.peer)
      return {
        peer: record.peer,
        name: record.name,
        // An unmeasured device is taken for a slow one, not for none.
        gflopsPerS: Math.max(
          1,
          speeds.estimate(model.id, record.peer, benchmarkOf(record, provider)),
        ),
        level: record.levelQuarters / 4,
        memoryBytes: record.memoryFreeBytes,
        heldBytes: heldBytes(manifest, record, model),
        rttMs: own ? 0 : rttMs,
        linkMbps: own ? 1_000_000 : mbps,
        ...(tier === undefined ? {} : { tier }),
      }
    })
  }

  #wire({ wire }: PlanWish, { replicas }: Plan): 'f32' | 'f16' {
    if (wire !== 'auto') return wire
    const rates = replicas.flat().map(({ peer }) => this.#components.links.estimate(peer).mbps)
    return Math.min(...rates) < SLOW_LINK_MBPS ? 'f16' : 'f32'
  }
}

function layersOf(manifest: Manifest, { scale, text }: PlanWish): readonly PlacementLayer[] {
  const weights = layerWeights(manifest)
  const rows = text?.positions ?? 0
  return manifest.layers.map(({ flops, activationBytes }, index) => ({
    flops: scale * flops,
    weightBytes: weights[index] ?? 0,
    cutBytes: scale * bytesAt(manifest.cuts[index + 1]),
    workBytes: scale * activationBytes,
    keptBytes: rows * rowBytes(manifest, index),
  }))
}

/** Bytes of keys and values that one layer keeps of one token. */
function rowBytes({ text }: Manifest, layer: number): number {
  return text === undefined ? 0 : cacheBytesPerToken(text.caches[layer] ?? 0, text)
}

/** 10^9 operations a second, as the device measured itself; 0 when it did not. */
function benchmarkOf({ speeds }: PlannedDevice, provider: PlanWish['provider'] = 'auto'): number {
  const accelerated = provider !== 'auto' && provider !== 'cpu' && speeds.gpuF32MflopsPerS > 0
  return (accelerated ? speeds.gpuF32MflopsPerS : speeds.f32MflopsPerS) / 1000
}

function bytesAt(cut: Cut | undefined): number {
  return cut === undefined ? 0 : cutBytes(cut)
}

/** Bytes of each layer that a device says it holds. */
function heldBytes(
  manifest: Manifest,
  record: PlannedDevice,
  { id }: CatalogueModel,
): readonly number[] {
  const ranges = record.holdings.find(({ model }) => model === id)?.ranges ?? []
  return layerWeights(manifest).map((weightBytes, index) =>
    ranges.some(({ from, to }) => index >= from && index < to) ? weightBytes : 0,
  )
}

/**
 * Bytes of weights that each layer adds to the device that runs it.
 *
 * The solver adds layers up, but a tensor that several of them share is held once. Each
 * of n that share it is charged two n-ths: right for a model in two stages, whose
 * halves both hold it, and never far off for one stage or four.
 */
function layerWeights(manifest: Manifest): readonly number[] {
  const sharers = new Map<number, number>()
  for (const tensor of manifest.layers.flatMap(({ tensors }) => tensors)) {
    sharers.set(tensor, (sharers.get(tensor) ?? 0) + 1)
  }
  return manifest.layers.map(({ tensors }) =>
    tensors.reduce((sum, tensor) => {
      const bytes = manifest.tensors[tensor]?.blob.bytes ?? 0
      return sum + Math.round(bytes * Math.min(1, 2 / (sharers.get(tensor) ?? 1)))
    }, 0),
  )
}
