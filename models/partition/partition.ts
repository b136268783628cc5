/**
 * Where to cut a model for a given row of devices, by dynamic programming over its layers.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { STAGES_MAX } from '../limits.ts'
import type { Manifest } from '../manifest/manifest.ts'
import { attempt, refuse } from '../refuse.ts'
import { cutBytes } from './stage-needs.ts'

/** What the solver must know of a model; {@link partitionModel} takes it from a manifest. */
export interface PartitionModel {
  readonly layers: readonly PartitionLayer[]
  /** Bytes that cross each cut, one more than there are layers. */
  readonly cutBytes: readonly number[]
  /** Bytes of each tensor that layers refer to. */
  readonly tensorBytes: readonly number[]
}

/** What one layer costs; see Layer of the manifest. */
export interface PartitionLayer {
  readonly flops: number
  readonly readBytes: number
  readonly activationBytes: number
  readonly tensors: readonly number[]
}

/** The device of one stage. */
export interface StageSeat {
  readonly flopsPerSecond: number
  /** Rate at which weights stream from memory, in bytes per second. */
  readonly memoryBytesPerSecond: number
  /** Bytes that weights and activations of the stage may take. */
  readonly memoryBytesMax: number
  /** Rate of the link on which this stage's input arrives, in bytes per second. */
  readonly linkBytesPerSecond: number
  /** Time that a message on that link takes beyond its bytes, in milliseconds. */
  readonly linkMs: number
}

/** `latency`: one request as soon as possible. `throughput`: many in flight, the slowest stage counts. */
export type Objective = 'latency' | 'throughput'

/** One stage of a partition with its predicted times. */
export interface PlannedStage {
  readonly fromLayer: number
  /** First layer after it. */
  readonly toLayer: number
  readonly computeMs: number
  /** Time that its input takes to arrive. */
  readonly receiveMs: number
  readonly memoryBytes: number
}

export interface Partition {
  readonly stages: readonly PlannedStage[]
  /** Predicted time of one request alone, without the way back of the outputs. */
  readonly latencyMs: number
  /** Longest predicted compute or receive time: what bounds the rate of many requests. */
  readonly bottleneckMs: number
}

/**
 * The best contiguous stages for `seats`, one stage each and in their order.
 *
 * Exact: no other choice of boundaries has a better objective. For `throughput`
 * the latency decides between partitions with the same bottleneck.
 *
 * @returns MODELS_NO_PARTITION when there are more seats than layers, none, or not enough memory.
 */
export function partition(
  model: PartitionModel,
  seats: readonly StageSeat[],
  objective: Objective,
): Result<Partition> {
  return attempt(() => {
    const layers = model.layers.length
    if (seats.length < 1 || seats.length > Math.min(layers, STAGES_MAX)) {
      refuse('MODELS_NO_PARTITION', `expected 1 to ${layers} stages, got ${seats.length}`)
    }
    const offers = offersOf(model, seats)
    const bound = objective === 'throughput' ? solve(offers, layers, bottleneck).value : Infinity
    // A hair above the bound, for sums of the same times in another order may differ in the last bit.
    const best = solve(offers, layers, latencyWithin(bound * (1 + 1e-12)))
    if (best.value === Infinity) {
      refuse(
        'MODELS_NO_PARTITION',
        `expected ${seats.length} stages that fit their memory, got none`,
      )
    }
    return {
      stages: best.stages,
      latencyMs: best.stages.reduce((sum, stage) => sum + stage.computeMs + stage.receiveMs, 0),
      bottleneckMs: Math.max(...best.stages.map(slower)),
    }
  })
}

/** What {@link partition} must know of a model. */
export function partitionModel(manifest: Manifest): PartitionModel {
  return {
    layers: manifest.layers,
    cutBytes: manifest.cuts.map(cutBytes),
    tensorBytes: manifest.tensors.map((tensor) => tensor.blob.bytes),
  }
}

/** What a seat makes of a range of layers; undefined when it does not fit its memory. */
type Offer = (seat: number, fromLayer: number, toLayer: number) => PlannedStage | undefined

/** How a stage adds to the value of those before it. */
type Value = (before: number, stage: PlannedStage) => number

const slower = (stage: PlannedStage): number => Math.max(stage.computeMs, stage.receiveMs)

const bottleneck: Value = (before, stage) => Math.max(before, slower(stage))

const latencyWithin =
  (stageMsMax: number): Value =>
  (before, stage) =>
    slower(stage) <= stageMsMax ? before + stage.computeMs + stage.receiveMs : Infinity

interface Solution {
  readonly value: number
  readonly stages: readonly PlannedStage[]
}

const NONE: Solution = { value: Infinity, stages: [] }

interface Offers {
  readonly seats: number
  readonly of: Offer
}

/** The least value of giving all layers to all seats: the best up to each layer, seat by seat. */
function solve(offers: Offers, layers: number, value: Value): Solution {
  let best: readonly Solution[] = [{ value: 0, stages: [] }]
  for (let seat = 0; seat < offers.seats; seat++) {
    const before = best
    best = Array.from({ length: layers + 1 }, (_, toLayer) => {
      const stage = (fromLayer: number) => offers.of(seat, fromLayer, toLayer)
      return bestUpTo(before.slice(0, toLayer), stage, value)
    })
  }
  return best[layers] ?? NONE
}

/** The least value with one stage more, which begins where one of `before` ends. */
function bestUpTo(
  before: readonly Solution[],
  stageFrom: (fromLayer: number) => PlannedStage | undefined,
  value: Value,
): Solution {
  let best = NONE
  for (const [fromLayer, solution] of before.entries()) {
    const stage = solution.value === Infinity ? undefined : stageFrom(fromLayer)
    if (stage === undefined) continue
    const total = value(solution.value, stage)
    if (total < best.value) best = { value: total, stages: [...solution.stages, stage] }
  }
  return best
}

function offersOf(model: PartitionModel, seats: readonly StageSeat[]): Offers {
  const memory = memoryTable(model)
  const computed = seats.map((seat) => computeMsBefore(model, seat))
  const of: Offer = (index, fromLayer, toLayer) => {
    const seat = seats[index]
    const memoryBytes = memory[fromLayer]?.[toLayer] ?? Infinity
    if (seat === undefined || memoryBytes > seat.memoryBytesMax) return undefined
    const before = computed[index] ?? []
    return {
      fromLayer,
      toLayer,
      computeMs: (before[toLayer] ?? 0) - (before[fromLayer] ?? 0),
      receiveMs: seat.linkMs + (1_000 * (model.cutBytes[fromLayer] ?? 0)) / seat.linkBytesPerSecond,
      memoryBytes,
    }
  }
  return { seats: seats.length, of }
}

/** Time of all layers before each one: a layer is bound by computing or by reading its weights. */
function computeMsBefore(model: PartitionModel, seat: StageSeat): readonly number[] {
  const sums = [0]
  for (const layer of model.layers) {
    const seconds = Math.max(
      layer.flops / seat.flopsPerSecond,
      layer.readBytes / seat.memoryBytesPerSecond,
    )
    sums.push((sums.at(-1) ?? 0) + 1_000 * seconds)
  }
  return sums
}

/** Bytes of each range [from][to]: weights, those that layers have in common once, and the widest activations. */
function memoryTable(model: PartitionModel): readonly (readonly number[])[] {
  return model.layers.map((_, fromLayer) => {
    const held = new Set<number>()
    const row: number[] = Array.from({ length: fromLayer + 1 }, () => 0)
    let weightBytes = 0
    let activationBytes = 0
    for (const layer of model.layers.slice(fromLayer)) {
      for (const tensor of layer.tensors) {
        if (!held.has(tensor)) weightBytes += model.tensorBytes[tensor] ?? 0
        held.add(tensor)
      }
      activationBytes = Math.max(activationBytes, layer.activationBytes)
      row.push(weightBytes + activationBytes)
    }
    return row
  })
}
