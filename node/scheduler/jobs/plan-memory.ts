/**
 * Where models run: the plans that were taken, and the stages that devices loaded for them.
 *
 * Another plan loads its stages anew, on devices that are in use. So the next text asks for what
 * the last one was given, unless something else is so much better that it pays for the loading.
 *
 * @module
 */

import type { ModelId, PeerId } from '../../../core/ids.ts'
import type { LayerRange, PlanStage } from '../placement/plan.ts'

/** Plans, and stages of all models, that are remembered. */
const PLANS_MAX = 256
const STAGES_MAX = 1_024

/** Weight of the latest loading time. */
const ALPHA = 0.3

export interface LoadedStage extends LayerRange {
  readonly model: ModelId
  readonly peer: PeerId
  /** 0 where it was loaded already. */
  readonly loadMs: number
}

interface Loaded extends LoadedStage {
  readonly usedMs: number
}

export class PlanMemory {
  readonly #keptMs: number
  readonly #plans = new Map<string, readonly PlanStage[]>()
  readonly #loaded = new Map<string, Loaded>()
  readonly #loadMs = new Map<ModelId, number>()

  /** @param keptMs - How long devices keep a stage that nobody uses. */
  constructor(keptMs: number) {
    this.#keptMs = keptMs
  }

  /** `wish` says what was asked for: other wishes have other plans. */
  adopt(wish: string, stages: readonly PlanStage[]): void {
    forgetOldest(this.#plans, PLANS_MAX)
    this.#plans.set(wish, stages)
  }

  plan(wish: string): readonly PlanStage[] | undefined {
    return this.#plans.get(wish)
  }

  /** A stage serves, or has just served. */
  noteLoaded(stage: LoadedStage, nowMs: number): void {
    const { model, peer, fromLayer, toLayer, loadMs } = stage
    const key = `${model} ${peer} ${fromLayer} ${toLayer}`
    this.#loaded.delete(key)
    forgetOldest(this.#loaded, STAGES_MAX)
    this.#loaded.set(key, { ...stage, usedMs: nowMs })
    if (loadMs <= 0) return
    const before = this.#loadMs.get(model) ?? loadMs
    forgetOldest(this.#loadMs, PLANS_MAX)
    this.#loadMs.set(model, before + ALPHA * (loadMs - before))
  }

  /** A stage is gone. */
  noteLost(model: ModelId, peer: PeerId): void {
    for (const [key, stage] of this.#loaded) {
      if (stage.model === model && stage.peer === peer) this.#loaded.delete(key)
    }
  }

  /** What devices have loaded of a model, as far as this one knows. */
  loaded(model: ModelId, nowMs: number): ReadonlyMap<PeerId, readonly LayerRange[]> {
    const ranges = new Map<PeerId, LayerRange[]>()
    for (const { model: other, peer, fromLayer, toLayer, usedMs } of this.#loaded.values()) {
      if (other !== model || nowMs - usedMs > this.#keptMs) continue
      ranges.set(peer, [...(ranges.get(peer) ?? []), { fromLayer, toLayer }])
    }
    return ranges
  }

  /** Time to load a stage of a model, as it was so far; 0 when none was. */
  loadMs(model: ModelId): number {
    return this.#loadMs.get(model) ?? 0
  }
}

function forgetOldest(entries: Map<string, unknown>, most: number): void {
  const [oldest] = entries.keys()
  if (entries.size >= most && oldest !== undefined) entries.delete(oldest)
}
