/**
 * What a step costs: the one place that turns measurements into predicted times.
 *
 * A step through a pipeline takes the sum of all compute and all hops. A hop is half a round
 * trip, the bytes at the link's rate, and the fixed work at both ends. With several steps under
 * way the slowest stage or link limits the rate.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import { pipelineRate, type Queue } from './pipeline-rate.ts'
import {
  DOWNLOAD_STEPS,
  type PlacementCandidate,
  type PlacementLink,
  type PlacementRequest,
  type PlanRange,
  type PlanStage,
  STAGE_OVERHEAD_BYTES,
} from './plan.ts'
import { leaveChance } from './staying.ts'

/** Fixed work at both ends of a hop that was not measured: half of the 0.6 ms that one may cost over loopback. */
const HOP_MS = 0.3

/**
 * Least time of a step in a stage, however little it computes: a message to the executor and
 * back and the start of its kernels, as models of a few thousand operations show.
 */
const STEP_MS_MIN = 0.1

/**
 * Share of the fastest device's time for the whole model that one more stage must win: more
 * stages are more devices that may leave.
 */
const STAGE_SHARE_MIN = 0.02

/** Weight of the slowest stage where latency counts: of equally quick pipelines the balanced one. */
const BALANCE_SHARE = 0.02

/** Time in which another device is found for a stage, beside loading it there. */
const MOVE_MS = 500

/** How far compute and network usually stray from their prediction on shared devices. */
const COMPUTE_LOW = 0.8
const COMPUTE_HIGH = 1.5
const NETWORK_LOW = 0.7
const NETWORK_HIGH = 2

export interface Hop {
  /** Until the last byte has arrived. */
  readonly ms: number
  /** Time that the link is taken. */
  readonly transferMs: number
}

/** A layer range on a candidate. */
export interface Span {
  readonly candidate: PlacementCandidate
  readonly fromLayer: number
  readonly toLayer: number
}

export interface ChainCost {
  readonly latencyMs: number
  readonly computeMs: number
  /** Time of the slowest stage or link. */
  readonly slowestMs: number
  readonly perS: number
  /** What the solver makes small: milliseconds a step, with all that weighs against the plan. */
  readonly score: number
}

/** Memory that a stage takes. */
export interface StageRoom {
  readonly bytes: number
  /** Of these, what stays between runs beside the weights. */
  readonly keptBytes: number
}

const NO_HOP: Hop = { ms: 0, transferMs: 0 }

export class CostModel {
  readonly request: PlacementRequest
  /** Added to the score for every stage after the first one. */
  readonly stagePenaltyMs: number
  /** How long the job will about take: its steps through the whole model on the fastest device. */
  readonly #durationMs: number
  readonly #flopsBefore: readonly number[]
  readonly #weightBefore: readonly number[]
  readonly #keptBefore: readonly number[]
  readonly #heldBefore = new Map<PeerId, readonly number[]>()
  readonly #msBefore = new Map<PeerId, readonly number[]>()
  readonly #bestRates = new Map<PeerId, number>()
  readonly #links = new Map<string, PlacementLink>()

  constructor(request: PlacementRequest) {
    this.request = request
    this.#flopsBefore = sumsBefore(request.layers.map(({ flops }) => flops))
    this.#weightBefore = sumsBefore(request.layers.map(({ weightBytes }) => weightBytes))
    this.#keptBefore = sumsBefore(request.layers.map(({ keptBytes = 0 }) => keptBytes))
    for (const link of request.links ?? []) this.#links.set(`${link.from} ${link.to}`, link)
    for (const { peer, heldBytes } of request.candidates) {
      const held = request.layers.map(({ weightBytes }, layer) =>
        Math.min(weightBytes, heldBytes?.[layer] ?? 0),
      )
      this.#heldBefore.set(peer, sumsBefore(held))
    }
    const fastest = Math.max(0, ...request.candidates.map((each) => this.flopsPerMs(each)))
    const wholeMs = fastest === 0 ? 0 : this.flops(0, request.layers.length) / fastest
    this.stagePenaltyMs = STAGE_SHARE_MIN * wholeMs
    this.#durationMs = wholeMs * (request.steps ?? 0)
  }

  flops(fromLayer: number, toLayer: number): number {
    return between(this.#flopsBefore, fromLayer, toLayer)
  }

  weightBytes(fromLayer: number, toLayer: number): number {
    return between(this.#weightBefore, fromLayer, toLayer)
  }

  /** What a stage of these layers asks of a device. */
  room(fromLayer: number, toLayer: number): StageRoom {
    return {
      bytes: this.memoryBytes(fromLayer, toLayer),
      keptBytes: between(this.#keptBefore, fromLayer, toLayer),
    }
  }

  /** Memory that a stage of these layers takes. */
  memoryBytes(fromLayer: number, toLayer: number): number {
    let workBytes = 0
    for (let layer = fromLayer; layer < toLayer; layer++) {
      workBytes = Math.max(workBytes, this.request.layers[layer]?.workBytes ?? 0)
    }
    const overheadBytes = this.request.stageOverheadBytes ?? STAGE_OVERHEAD_BYTES
    const keptBytes = between(this.#keptBefore, fromLayer, toLayer)
    return this.weightBytes(fromLayer, toLayer) + keptBytes + workBytes + overheadBytes
  }

  /** What a candidate computes in a millisecond for one more stage, at its level and at best. */
  flopsPerMs(candidate: PlacementCandidate): number {
    const { peer, layerMs, gflopsPerS } = candidate
    if (layerMs === undefined) return gflopsPerS * 1e6 * shareOf(candidate)
    const best = this.#bestRates.get(peer) ?? this.#bestRate(layerMs)
    this.#bestRates.set(peer, best)
    return best * shareOf(candidate)
  }

  /** Time of one step alone in a stage. */
  computeMs(span: Span): number {
    return this.#layersMs(span) + (span.candidate.stepMs ?? 0)
  }

  /** Time that a step takes from others in a stage, where there are others. */
  busyMs(span: Span): number {
    const { besideShare = 1 } = span.candidate
    // While a step is on its way to the executor and back, another one computes.
    return this.request.inFlight === 1 ? this.computeMs(span) : this.#layersMs(span) * besideShare
  }

  #layersMs({ candidate, fromLayer, toLayer }: Span): number {
    const { layerMs, gflopsPerS } = candidate
    const ms =
      layerMs === undefined
        ? this.flops(fromLayer, toLayer) / (gflopsPerS * 1e6)
        : between(this.#layerMsBefore(candidate.peer, layerMs), fromLayer, toLayer)
    return Math.max(STEP_MS_MIN, ms / shareOf(candidate))
  }

  #layerMsBefore(peer: PeerId, layerMs: readonly number[]): readonly number[] {
    const known = this.#msBefore.get(peer)
    if (known !== undefined) return known
    const sums = sumsBefore(layerMs)
    this.#msBefore.set(peer, sums)
    return sums
  }

  /** Operations in a millisecond of the layer that is quickest for its work. */
  #bestRate(layerMs: readonly number[]): number {
    const rates = this.request.layers.map(({ flops }, layer) => flops / (layerMs[layer] ?? 0))
    return Math.max(...rates.filter(Number.isFinite), Number.MIN_VALUE)
  }

  downloadBytes({ candidate, fromLayer, toLayer }: Span): number {
    const held = this.#heldBefore.get(candidate.peer)
    return this.weightBytes(fromLayer, toLayer) - (held ? between(held, fromLayer, toLayer) : 0)
  }

  /** What fetching and loading a stage adds to every step that pays for it. */
  readyingMsPerStep(span: Span): number {
    const { loadMs = 0, loaded = [], linkMbps } = span.candidate
    const has = loaded.some(
      ({ fromLayer, toLayer }) => fromLayer === span.fromLayer && toLayer === span.toLayer,
    )
    const ms = transferMs(this.downloadBytes(span), linkMbps) + (has ? 0 : loadMs)
    return ms / (this.request.stepsExpected ?? DOWNLOAD_STEPS)
  }

  /**
   * What it adds to every step that the device may be wanted back before the job is over: its stage then
   * moves to another one, which loads it and, of a text, computes again what was kept.
   */
  leavingMsPerStep(span: Span): number {
    const { steps = 0 } = this.request
    const { staying, loadMs = 0, linkMbps, chunkShare = 1 } = span.candidate
    if (staying === undefined || steps === 0) return 0
    const { fromLayer, toLayer } = span
    const fetchMs = transferMs(this.weightBytes(fromLayer, toLayer), linkMbps)
    const keeps = between(this.#keptBefore, fromLayer, toLayer) > 0
    // On average it leaves in the middle; what came before is run again in chunks.
    const againMs = keeps ? (steps / 2) * chunkShare * this.computeMs(span) : 0
    const moveMs = MOVE_MS + loadMs + fetchMs + againMs
    return (leaveChance(staying, this.#durationMs) * moveMs) / steps
  }

  /** Bytes that cross a cut: before layer 0 the input. */
  cutBytes(layer: number): number {
    const { inputBytes, layers, roundedCuts } = this.request
    const before = layers[layer - 1]
    if (layer === 0 || before === undefined) return layer === 0 ? inputBytes : 0
    const { cutBytes, roundedBytes = cutBytes } = before
    return roundedCuts?.has(layer) === true ? roundedBytes : cutBytes
  }

  /** From one device to another; undefined stands for the requester. */
  hop(
    from: PlacementCandidate | undefined,
    to: PlacementCandidate | undefined,
    bytes: number,
  ): Hop {
    const { requester } = this.request
    const fromPeer = from?.peer ?? requester
    const toPeer = to?.peer ?? requester
    const measured = this.#links.get(`${fromPeer} ${toPeer}`)
    if (measured === undefined && fromPeer === toPeer) return NO_HOP
    const { delayMs, mbps } = measured ?? slower(from, to)
    const wireMs = transferMs(bytes, mbps)
    return { ms: delayMs + wireMs, transferMs: wireMs }
  }

  /** The way of a step to the first stage. */
  entry(first: PlacementCandidate | undefined): Hop {
    if (this.request.returns === 'first') return NO_HOP
    return this.hop(undefined, first, this.request.inputBytes)
  }

  /** The way of its result, until the next step may begin. */
  exit(first: PlacementCandidate | undefined, last: PlacementCandidate | undefined): Hop {
    const bytes = this.cutBytes(this.request.layers.length)
    return this.hop(last, this.request.returns === 'first' ? first : undefined, bytes)
  }

  /** The whole cost of a pipeline with so many steps under way. */
  chain(spans: readonly Span[], inFlight: number = this.request.inFlight): ChainCost {
    const [first, last] = [spans[0]?.candidate, spans.at(-1)?.candidate]
    const input = this.entry(first)
    let latencyMs = input.ms
    let slowestMs = input.transferMs
    let computeMs = 0
    let extraMs = this.stagePenaltyMs * (spans.length - 1)
    const queues: Queue[] = []
    for (const [index, span] of spans.entries()) {
      const stageMs = this.computeMs(span)
      const next = spans[index + 1]?.candidate
      const send =
        next === undefined
          ? this.exit(first, last)
          : this.hop(span.candidate, next, this.cutBytes(span.toLayer))
      computeMs += stageMs
      latencyMs += stageMs + send.ms
      const busyMs = this.busyMs(span)
      slowestMs = Math.max(slowestMs, busyMs, send.transferMs)
      queues.push({ aloneMs: stageMs, besideMs: busyMs })
      extraMs += this.readyingMsPerStep(span) + this.leavingMsPerStep(span)
    }
    const perS = 1000 * pipelineRate({ latencyMs, slowestMs, queues }, inFlight)
    const perStepMs = this.request.objective === 'latency' ? latencyMs : latencyMs / inFlight
    const score = this.score(perStepMs, slowestMs, extraMs)
    return { latencyMs, computeMs, slowestMs, perS, score }
  }

  /**
   * What the solver makes small, of a whole pipeline or of its beginning.
   *
   * @param perStepMs - Latency, for throughput divided by the steps under way.
   */
  score(perStepMs: number, slowestMs: number, extraMs: number): number {
    return this.request.objective === 'latency'
      ? perStepMs + BALANCE_SHARE * slowestMs + extraMs
      : Math.max(slowestMs, perStepMs) + extraMs
  }

  #sendMs(spans: readonly Span[], index: number): number {
    const [span, next] = [spans[index], spans[index + 1]]
    if (next === undefined) return this.exit(spans[0]?.candidate, span?.candidate).ms
    return this.hop(span?.candidate, next.candidate, this.cutBytes(span?.toLayer ?? 0)).ms
  }

  /** The stages of a plan, each with its own predictions. */
  stages(spans: readonly Span[]): PlanStage[] {
    return spans.map((span, index) => {
      const { candidate, fromLayer, toLayer } = span
      const cutBytes = this.cutBytes(toLayer)
      return {
        peer: candidate.peer,
        fromLayer,
        toLayer,
        predictedMs: this.computeMs(span),
        weightBytes: this.weightBytes(fromLayer, toLayer),
        downloadBytes: this.downloadBytes(span),
        cutBytes,
        sendMs: this.#sendMs(spans, index),
      }
    })
  }
}

/** True when a device has so much memory left. */
export function fits(
  { memoryBytes, textBytes = Infinity }: PlacementCandidate,
  { bytes, keptBytes }: StageRoom,
): boolean {
  return bytes <= memoryBytes && keptBytes <= textBytes
}

/** Where the latency of a step will usually lie. */
export function latencyRange({ latencyMs, computeMs }: ChainCost): PlanRange {
  const networkMs = latencyMs - computeMs
  return {
    low: COMPUTE_LOW * computeMs + NETWORK_LOW * networkMs,
    high: COMPUTE_HIGH * computeMs + NETWORK_HIGH * networkMs,
  }
}

/** The part of a candidate's speed that one more stage has. */
function shareOf({ level, stagesRunning = 0 }: PlacementCandidate): number {
  return level / (1 + stagesRunning)
}

/** Between two devices that never met, the slower of their links to the requester holds. */
function slower(
  from: PlacementCandidate | undefined,
  to: PlacementCandidate | undefined,
): { readonly delayMs: number; readonly mbps: number } {
  return {
    delayMs: Math.max(from?.rttMs ?? 0, to?.rttMs ?? 0) / 2 + HOP_MS,
    mbps: Math.min(from?.linkMbps ?? Infinity, to?.linkMbps ?? Infinity),
  }
}

function transferMs(bytes: number, mbps: number): number {
  return bytes === 0 ? 0 : (bytes * 8) / (mbps * 1000)
}

function sumsBefore(values: readonly number[]): number[] {
  let sum = 0
  return [0, ...values.map((value) => (sum += value))]
}

function between(sums: readonly number[], from: number, to: number): number {
  return (sums[to] ?? 0) - (sums[from] ?? 0)
}
