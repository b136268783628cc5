/**
 * Devices at which a model went wrong lately, as this device saw it: others are asked first for a while.
 *
 * Nothing is proved by it and nobody is told. A device that is replaced for what turns out to be
 * another's fault is forgiven.
 *
 * @module
 */

import type { ModelId, PeerId } from '../../../core/ids.ts'
import type { InferenceCode } from '../../../protocols/inference/index.ts'

/** How long a device is asked after all others, in ms: a fault of its memory, or its processor, stays. */
const BAD_MS = 600_000

/** Models at devices that are remembered. */
const BAD_MAX = 256

/** What a stage is bad for, in words. */
const REASONS: ReadonlyMap<InferenceCode, string> = new Map([
  ['INFERENCE_COMPLAINT_UNFOUNDED', 'it complained of others without reason'],
  ['INFERENCE_NOT_FINITE', 'its stage made what is no number'],
  ['INFERENCE_OUTPUT_INVALID', 'it sent outputs that are not those of the model'],
  ['INFERENCE_SELF_TEST_FAILED', 'its stage failed the known-answer test'],
])

/** A stage of a model that a device lost, and by what. */
export interface LostStage {
  readonly model: ModelId
  readonly peer: PeerId
  readonly code: InferenceCode
}

interface Bad {
  readonly model: ModelId
  readonly peer: PeerId
  readonly reason: string
  readonly untilMs: number
}

export class BadStages {
  /** The latest stands last. */
  readonly #bad = new Map<string, Bad>()

  /** A stage was lost; of most reasons nothing is kept. */
  note({ model, peer, code }: LostStage, nowMs: number): void {
    const reason = REASONS.get(code)
    if (reason === undefined) return
    const key = `${model} ${peer}`
    this.#bad.delete(key)
    this.#bad.set(key, { model, peer, reason, untilMs: nowMs + BAD_MS })
    const [oldest] = this.#bad.keys()
    if (this.#bad.size > BAD_MAX && oldest !== undefined) this.#bad.delete(oldest)
  }

  /** It was no fault of `peer`. */
  forgive(peer: PeerId): void {
    for (const [key, bad] of this.#bad) if (bad.peer === peer) this.#bad.delete(key)
  }

  /** Devices that are asked last for `model`, and why. */
  of(model: ModelId, nowMs: number): ReadonlyMap<PeerId, string> {
    const bad = [...this.#bad.values()].filter(
      (each) => each.model === model && each.untilMs > nowMs,
    )
    return new Map(bad.map(({ peer, reason }) => [peer, reason]))
  }
}
