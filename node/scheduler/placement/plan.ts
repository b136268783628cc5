/**
 * What the placement solver is told and what it answers: plain values, measured elsewhere.
 *
 * Times are milliseconds, sizes bytes, speeds GFLOP/s and Mbit/s. A layer range is
 * `[fromLayer, toLayer)`.
 *
 * @module
 */

import type { Tier } from '../../../attestation/index.ts'
import type { PeerId } from '../../../core/ids.ts'
import type { Staying } from './staying.ts'

/** The smallest piece that a model may be cut into, as the solver sees it. */
export interface PlacementLayer {
  /** Floating-point operations of one step through it. */
  readonly flops: number
  /** Bytes of the tensors that a device must hold to run it. */
  readonly weightBytes: number
  /** Bytes that leave after it, when the cut is here; for the last layer the bytes of the result. */
  readonly cutBytes: number
  /** The same with floats as binary16. Default {@link PlacementLayer.cutBytes}. */
  readonly roundedBytes?: number
  /** Bytes that a run needs beside the weights. Default 0. */
  readonly workBytes?: number
  /** Bytes that stay between runs beside the weights, such as keys and values. Default 0. */
  readonly keptBytes?: number
}

/** A device that might take a stage. */
export interface PlacementCandidate {
  readonly peer: PeerId
  /** What people call it. */
  readonly name?: string
  /** Measured speed on this kind of work when the device is left alone. */
  readonly gflopsPerS: number
  /** Share of it that its owner's policy grants now, in [0, 1]; 0 takes no work. */
  readonly level: number
  /** How long its owner usually leaves it to others; absent where nobody asks for it back. */
  readonly staying?: Staying
  /** Bytes that a stage may use on it now. */
  readonly memoryBytes: number
  /** Bytes that stay between runs, of those, which it has left for texts. Default: all. */
  readonly textBytes?: number
  /** Bytes of each layer's tensors that it holds already; missing entries are 0. */
  readonly heldBytes?: readonly number[]
  /** Round trip between it and the requester; 0 for the requester itself. */
  readonly rttMs: number
  /** Rate between it and the requester, and of its downloads. */
  readonly linkMbps: number
  /** What the requester takes it for by evidence. Default `none`: nobody asked it. */
  readonly tier?: Tier
  /** Its certified score, in [0, 1]; absent while it has none. */
  readonly score?: number
  /** True when its answers are not believed: it is never chosen. */
  readonly distrusted?: boolean
  /** Numeric class that it computes in, in hex, by its own word; absent while it is not known. */
  readonly numericClass?: string
  /** Stages of other work it runs now; each takes its share of the speed. Default 0. */
  readonly stagesRunning?: number
  /** Measured: what each layer of one step takes when the device is left alone. Default: by its speed. */
  readonly layerMs?: readonly number[]
  /** Measured: what a step takes in a stage beside computing. Default 0. */
  readonly stepMs?: number
  /** Measured: what a step adds to a run that others are in, as a part of one alone. Default 1. */
  readonly besideShare?: number
  /** What a row of a text takes in a run of many, as part of a step alone. Default 1. */
  readonly chunkShare?: number
  /** Layer ranges of this model that it has loaded. */
  readonly loaded?: readonly LayerRange[]
  /** Time to load another range. Default 0. */
  readonly loadMs?: number
}

/** Layers [fromLayer, toLayer). */
export interface LayerRange {
  readonly fromLayer: number
  readonly toLayer: number
}

/** A measured link between two devices, in one direction. */
export interface PlacementLink {
  readonly from: PeerId
  readonly to: PeerId
  /** Until the first byte has arrived, the work at both ends included. */
  readonly delayMs: number
  readonly mbps: number
}

export type PlacementObjective = 'latency' | 'throughput'

export interface PlacementRequest {
  readonly layers: readonly PlacementLayer[]
  /** Bytes that enter layer 0. */
  readonly inputBytes: number
  readonly candidates: readonly PlacementCandidate[]
  readonly requester: PeerId
  /** How many stages: the solver's choice, or exactly so many. */
  readonly stages: 'auto' | number
  /** The only layers before which the model may be cut, ascending; any but the first when absent. */
  readonly cuts?: readonly number[] | undefined
  /** Whole copies of the pipeline on devices of their own; 'auto' takes each that adds throughput. */
  readonly replicas: 'auto' | number
  readonly objective: PlacementObjective
  /**
   * Where the result of a step goes before the next one begins: to the requester, or from the last
   * stage to the first at once, as in a ring. Default `requester`.
   */
  readonly returns?: 'requester' | 'first'
  /** What one step makes, for what is told to people. Default `input`. */
  readonly unit?: 'input' | 'token'
  /** Steps that the requester keeps under way at once, at least 1. */
  readonly inFlight: number
  /** Links between candidates, where measured; for others the slower of both ends' links to the requester holds. */
  readonly links?: readonly PlacementLink[]
  /** Lowest attestation tier that may be chosen; any when absent. */
  readonly tierMin?: Tier
  /** Lowest certified score that may be chosen, in [0, 1]; any when absent. */
  readonly scoreMin?: number
  /** The only numeric class that may be chosen; any when absent. */
  readonly numericClass?: string
  /** Devices that may not be chosen, and why. */
  readonly excluded?: ReadonlyMap<PeerId, string>
  /** Cuts that floats cross as binary16, by the layer behind them. Default none. */
  readonly roundedCuts?: ReadonlySet<number>
  /** What runs now: kept unless another plan is clearly better. */
  readonly previous?: readonly PlanStage[] | undefined
  /** Steps of the job: how long it takes says who will likely leave before its end. Default 0, nobody. */
  readonly steps?: number
  /** Steps over which a download is paid off. Default {@link DOWNLOAD_STEPS}. */
  readonly stepsExpected?: number
  /** Memory that a stage takes beside weights and work. Default {@link STAGE_OVERHEAD_BYTES}. */
  readonly stageOverheadBytes?: number
}

/** A contiguous run of layers on one device. */
export interface PlanStage {
  readonly peer: PeerId
  /** First layer. */
  readonly fromLayer: number
  /** The layer after the last one. */
  readonly toLayer: number
  /** Predicted compute time of one step. */
  readonly predictedMs: number
  readonly weightBytes: number
  /** Of {@link PlanStage.weightBytes}, what must be fetched first. */
  readonly downloadBytes: number
  /** Bytes that leave after it in one step. */
  readonly cutBytes: number
  /** Predicted time until they are at the next stage, or back at the requester. */
  readonly sendMs: number
}

/** Low and high ends of a prediction. */
export interface PlanRange {
  readonly low: number
  readonly high: number
}

export type NotChosenCode =
  | 'excluded'
  | 'distrusted'
  | 'tier'
  | 'score'
  | 'class'
  | 'level'
  | 'memory'
  | 'slower'

/** A device that got no stage. */
export interface NotChosen {
  readonly peer: PeerId
  readonly code: NotChosenCode
  /** One sentence for people, without a full stop. */
  readonly reason: string
}

/** One pipeline with its predictions. */
export interface PlanChain {
  readonly stages: readonly PlanStage[]
  readonly predictedLatencyMs: number
  readonly predictedPerS: number
}

/** The best single device, beside the plan. */
export interface OneDevice extends PlanChain {
  readonly peer: PeerId
  /** True when it would do better than the plan by the plan's own objective. */
  readonly faster: boolean
}

export interface Plan extends PlanChain {
  /** Of the first replica. */
  readonly stages: readonly PlanStage[]
  /** All replicas, the first one included. */
  readonly replicas: readonly (readonly PlanStage[])[]
  /** From the input's first byte out to the result's last byte in, one step alone in the first replica. */
  readonly predictedLatencyMs: number
  /** Steps per second of all replicas together with `inFlight` steps under way. */
  readonly predictedPerS: number
  /** Of {@link Plan.predictedLatencyMs}. */
  readonly range: PlanRange
  /** Sentences that explain the choice, most important first. */
  readonly why: readonly string[]
  readonly notChosen: readonly NotChosen[]
  /** Absent when no single device can hold the whole model. */
  readonly oneDevice?: OneDevice
  /** The next best pipelines on other devices or in another order, at most two. */
  readonly runnersUp: readonly PlanChain[]
}

/** Steps over which a download is paid off when the request does not say. */
export const DOWNLOAD_STEPS = 200

/** What an executor takes before it holds a model: measured, resident bytes of one with onnxruntime loaded. */
export const STAGE_OVERHEAD_BYTES = 100_663_296

/** Stages of one pipeline that the solver goes up to. */
export const STAGES_MAX = 16

/** Candidates that the solver looks at: of more, the fastest, the largest and those that hold most. */
export const CANDIDATES_MAX = 24
