/**
 * How fast devices really ran the models that they were given, smoothed.
 *
 * A matrix benchmark says what a device can do at best. Models reach some share of
 * that, each its own; so what was measured of a model on a device is believed
 * before the benchmark, and what was measured of it elsewhere before that.
 *
 * @module
 */

import type { ModelId, PeerId } from '../../../core/ids.ts'

/** Weight of a new sample in the moving averages. */
const ALPHA = 0.3

/** Share of its benchmark that a device reaches with a model that nobody has run: convolutions on one thread. */
const UNKNOWN_SHARE = 0.35

/** Models, and devices of one model, that are remembered. */
const MODELS_MAX = 256
const DEVICES_MAX = 1_024

interface ModelSpeeds {
  /** Measured, in GFLOP/s. */
  readonly devices: Map<PeerId, number>
  /** Measured over benchmark, of all devices together. */
  share: number | undefined
}

export class SpeedTable {
  readonly #models = new Map<ModelId, ModelSpeeds>()

  /** `peer` ran a stage of `model` at `gflopsPerS`; its benchmark says `benchmarkGflopsPerS`. */
  note(model: ModelId, peer: PeerId, gflopsPerS: number, benchmarkGflopsPerS: number): void {
    // A stage that claims to take no time at all says nothing.
    if (!(gflopsPerS > 0) || !Number.isFinite(gflopsPerS)) return
    const speeds = this.#models.get(model) ?? this.#add(model)
    if (speeds.devices.size >= DEVICES_MAX) speeds.devices.clear()
    speeds.devices.set(peer, smooth(speeds.devices.get(peer), gflopsPerS))
    if (benchmarkGflopsPerS > 0) {
      speeds.share = smooth(speeds.share, gflopsPerS / benchmarkGflopsPerS)
    }
  }

  /** What `peer` may be expected to reach with `model`, in GFLOP/s. */
  estimate(model: ModelId, peer: PeerId, benchmarkGflopsPerS: number): number {
    const speeds = this.#models.get(model)
    const measured = speeds?.devices.get(peer)
    return measured ?? (speeds?.share ?? UNKNOWN_SHARE) * benchmarkGflopsPerS
  }

  #add(model: ModelId): ModelSpeeds {
    const [oldest] = this.#models.keys()
    if (this.#models.size >= MODELS_MAX && oldest !== undefined) this.#models.delete(oldest)
    const speeds: ModelSpeeds = { devices: new Map(), share: undefined }
    this.#models.set(model, speeds)
    return speeds
  }
}

function smooth(before: number | undefined, sample: number): number {
  return before === undefined ? sample : before + ALPHA * (sample - before)
}
