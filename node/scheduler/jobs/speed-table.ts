/**
 * How long the layers of models really took on devices, smoothed.
 *
 * A matrix benchmark says what a device can do at best. Models reach some share of that, each
 * its own; so what was measured of a model on a device is believed before what was measured of it
 * elsewhere, and that before the benchmark. In between stands what a device says that the model took it
 * there: believed until somebody sees for himself. Times are kept for each layer: stages of other sizes
 * reach other shares, and the head of a model is not like its layers.
 *
 * Times are those of one input of the size with which the model's costs were measured.
 *
 * @module
 */

import type { ModelId, PeerId } from '../../../core/ids.ts'
import { PositionFit, type PositionSums } from './position-fit.ts'

/** Weight of a new sample in the moving averages. */
const ALPHA = 0.3

/** Share of its benchmark that a device reaches with a model that nobody has run: convolutions on one thread. */
const UNKNOWN_SHARE = 0.35

/**
 * The same for a step of a text: two rows are computed for one token, in matrices of four bits that
 * are read for each of them. SmolLM2-135M takes 30 ms where 130 GFLOP/s were measured (benchmarks/README.md).
 */
const UNKNOWN_TEXT_SHARE = 0.07

/** Models, and devices of one model, that are remembered. */
const MODELS_MAX = 256
const DEVICES_MAX = 1_024

/** Least part of a step alone that one more in the same run is believed to add. */
const BESIDE_SHARE_MIN = 0.05

/** How a stage was measured: by the test before it serves, or by steps that were alone. */
export type SpeedSource = 'probe' | 'alone'

/** What was measured of one stage. */
export interface SpeedSample {
  readonly fromLayer: number
  readonly toLayer: number
  /** Mean time of one step. */
  readonly computeMs: number
  /** Mean time in the stage beside computing, of steps alone. */
  readonly stepMs?: number
  readonly source: SpeedSource
  /** What one more step adds to a run. */
  readonly besideMs?: number
  /** What a row takes in a run of many. */
  readonly chunkMs?: number
  /** How the time grew with the position in the text. */
  readonly positions?: PositionSums
}

/** What a device says of a stage that ran there. */
export interface ToldPace extends Pick<
  SpeedSample,
  'fromLayer' | 'toLayer' | 'computeMs' | 'chunkMs'
> {
  /** Part of the time at the beginning that each token before a step adds. */
  readonly growth: number
}

/** What is asked about: a model and what its layers cost. */
export interface SpeedQuestion {
  readonly model: ModelId
  readonly peer: PeerId
  /** What the device measured of itself, in GFLOP/s; 0 when it did not. */
  readonly benchmark: number
  readonly layerFlops: readonly number[]
  readonly isText: boolean
  /** Tokens that stand before a step, in the middle of the text. */
  readonly position?: number
  /** What the device says of itself and this model. */
  readonly told?: readonly ToldPace[]
}

/** What may be expected of a device. */
export interface SpeedEstimate {
  readonly gflopsPerS: number
  readonly layerMs?: readonly number[]
  readonly stepMs?: number
  readonly besideShare?: number
  /** What a row takes in a run of many, as part of one alone. */
  readonly chunkShare?: number
  /** Where it comes from: nobody ran the model, somebody did, this device says that it has, was tested, or has run it here. */
  readonly basis: 'benchmark' | 'others' | 'told' | 'probe' | 'measured'
}

interface DeviceSpeed {
  readonly layerMs: number[]
  /** Layers whose time was measured; of others it was inferred from them. */
  readonly known: Set<number>
  stepMs: number | undefined
  besideShare: number | undefined
  chunkShare: number | undefined
  measured: boolean
  gflopsPerS: number
  readonly positions: PositionFit
}

interface ModelSpeeds {
  readonly devices: Map<PeerId, DeviceSpeed>
  /** Measured over benchmark, of all devices together. */
  share: number | undefined
}

export class SpeedTable {
  readonly #models = new Map<ModelId, ModelSpeeds>()

  /** A device ran a stage, its layers being those of `question`. */
  note(question: SpeedQuestion, sample: SpeedSample): void {
    const { layerFlops } = question
    const { fromLayer, toLayer, source } = sample
    const flops = sum(layerFlops.slice(fromLayer, toLayer))
    // A stage that claims to take no time at all says nothing.
    if (!(sample.computeMs > 0) || !Number.isFinite(sample.computeMs) || flops === 0) return
    const speeds = this.#models.get(question.model) ?? this.#add(question.model)
    const device = speeds.devices.get(question.peer)
    const known = device ?? this.#addDevice(speeds, question, sample.computeMs / flops)
    noteBeside(known, sample)
    // What really ran is believed before a test.
    if (source === 'probe' && known.measured) return
    noteAlone(known, sample)
    known.gflopsPerS = flops / sum(known.layerMs.slice(fromLayer, toLayer)) / 1e6
    if (question.benchmark > 0) {
      speeds.share = smooth(speeds.share, known.gflopsPerS / question.benchmark)
    }
  }

  /** What a device may be expected to reach. */
  estimate(question: SpeedQuestion): SpeedEstimate {
    const { model, peer, position = 0 } = question
    const device = this.#models.get(model)?.devices.get(peer)
    if (device !== undefined) return estimateOf(device, position)
    return toldEstimate(question) ?? this.#guess(question)
  }

  /** By what others reached with the model, or any device with any. */
  #guess({ model, benchmark, isText }: SpeedQuestion): SpeedEstimate {
    const speeds = this.#models.get(model)
    const share = speeds?.share ?? (isText ? UNKNOWN_TEXT_SHARE : UNKNOWN_SHARE)
    const others = speeds?.devices.values().toArray() ?? []
    const mean = sum(others.map(({ gflopsPerS }) => gflopsPerS)) / others.length
    // Of a device that did not measure itself, no less is expected than of the others.
    const gflopsPerS = benchmark > 0 || others.length === 0 ? share * benchmark : mean
    return { gflopsPerS, basis: others.length === 0 ? 'benchmark' : 'others' }
  }

  #add(model: ModelId): ModelSpeeds {
    const [oldest] = this.#models.keys()
    if (this.#models.size >= MODELS_MAX && oldest !== undefined) this.#models.delete(oldest)
    const speeds: ModelSpeeds = { devices: new Map(), share: undefined }
    this.#models.set(model, speeds)
    return speeds
  }

  #addDevice(
    { devices }: ModelSpeeds,
    { peer, layerFlops }: SpeedQuestion,
    msPerFlop: number,
  ): DeviceSpeed {
    if (devices.size >= DEVICES_MAX) devices.clear()
    const device = newSpeed(layerFlops, msPerFlop)
    devices.set(peer, device)
    return device
  }
}

function newSpeed(layerFlops: readonly number[], msPerFlop: number): DeviceSpeed {
  return {
    layerMs: layerFlops.map((flops) => flops * msPerFlop),
    known: new Set(),
    stepMs: undefined,
    besideShare: undefined,
    chunkShare: undefined,
    measured: false,
    gflopsPerS: 0,
    positions: new PositionFit(),
  }
}

/** What a device says, as if it had been measured here; undefined when it says nothing of the model. */
function toldEstimate({ layerFlops, position = 0, told = [] }: SpeedQuestion) {
  const flopsOf = ({ fromLayer, toLayer }: ToldPace): number =>
    sum(layerFlops.slice(fromLayer, toLayer))
  const paces = told.filter((pace) => pace.computeMs > 0 && flopsOf(pace) > 0)
  const [latest] = paces
  if (latest === undefined) return undefined
  const device = newSpeed(layerFlops, latest.computeMs / flopsOf(latest))
  // The latest is told first, and believed most.
  for (const pace of paces.toReversed()) {
    noteAlone(device, { ...pace, source: 'probe' })
    noteBeside(device, { ...pace, source: 'probe' })
  }
  device.gflopsPerS = sum(layerFlops) / sum(device.layerMs) / 1e6
  const estimate = estimateOf(device, position, latest.growth)
  return { ...estimate, basis: 'told' } as const
}

/** Scales the layers of the stage so that together they take what was measured. */
function noteAlone(device: DeviceSpeed, sample: SpeedSample): void {
  const { fromLayer, toLayer, source, positions, stepMs } = sample
  if (source === 'alone' && !device.measured) {
    // The test gave a first idea, and no more.
    device.known.clear()
    device.measured = true
  }
  if (positions !== undefined) device.positions.add(positions)
  const grown = 1 + device.positions.growth * (positions?.meanPosition ?? 0)
  const stageMs = sum(device.layerMs.slice(fromLayer, toLayer))
  const ratio = sample.computeMs / grown / stageMs
  for (let layer = fromLayer; layer < toLayer; layer++) {
    const weight = device.known.has(layer) ? ALPHA : 1
    device.layerMs[layer] = (device.layerMs[layer] ?? 0) * (1 + weight * (ratio - 1))
    device.known.add(layer)
  }
  if (stepMs !== undefined) device.stepMs = smooth(device.stepMs, Math.max(0, stepMs))
}

/** Where a stage takes several steps, or rows, into one run, each costs less than alone. */
function noteBeside(device: DeviceSpeed, { computeMs, besideMs, chunkMs }: SpeedSample): void {
  if (chunkMs !== undefined) device.chunkShare = Math.min(1, chunkMs / computeMs)
  if (besideMs === undefined) return
  const share = Math.min(1, Math.max(BESIDE_SHARE_MIN, besideMs / computeMs))
  device.besideShare = smooth(device.besideShare, share)
}

function estimateOf(
  device: DeviceSpeed,
  position: number,
  growth: number = device.positions.growth,
): SpeedEstimate {
  const { layerMs, gflopsPerS, stepMs, besideShare, chunkShare, measured } = device
  const grown = 1 + growth * position
  return {
    gflopsPerS: gflopsPerS / grown,
    layerMs: layerMs.map((ms) => ms * grown),
    ...(stepMs === undefined ? {} : { stepMs }),
    ...(besideShare === undefined ? {} : { besideShare }),
    ...(chunkShare === undefined ? {} : { chunkShare }),
    basis: measured ? 'measured' : 'probe',
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function smooth(before: number | undefined, sample: number): number {
  return before === undefined ? sample : before + ALPHA * (sample - before)
}
