/**
 * What a simulated device says of a stage that it holds, and is not true.
 *
 * @module
 */

import { concatBytes } from '../core/bytes.ts'
import type { Tensor } from '../core/tensor.ts'
import { leafOf, rowsTensor, type InferenceMessage } from '../protocols/inference/index.ts'
import { simHash } from './sim-hash.ts'

/** Lies to the next stage. */
export const LIES = ['no-number', 'too-large', 'shape', 'hash', 'position'] as const

export interface Lie {
  /** A complaint is a lie about the stage before. */
  readonly type: (typeof LIES)[number] | 'complaint'
  /** The first request that it lies about; from there on it always does. */
  readonly from: number
}

export class SimLiar {
  readonly #lie: Lie | undefined
  readonly #reply: (message: InferenceMessage) => void
  #beforeEpoch: number | undefined
  /** The holder of the stage before of whom it complained last. */
  #blamed: number | undefined
  #hasLied = false

  /**
   * @param lie - Undefined for one that is honest.
   * @param reply - Tells the requester.
   */
  constructor(lie: Lie | undefined, reply: (message: InferenceMessage) => void) {
    this.#lie = lie
    this.#reply = reply
  }

  get hasLied(): boolean {
    return this.#hasLied
  }

  /** The stage before has a holder of this epoch. */
  attached(epoch: number): void {
    this.#beforeEpoch = epoch
    // Who has begun to complain does not stop.
    if (this.#blamed !== undefined) this.#complain()
  }

  /** A step is to be run. */
  ran(request: number): void {
    if (this.#lie?.type === 'complaint' && request >= this.#lie.from) this.#complain()
  }

  /** What the next stage is told instead of `message`. */
  spoilt(message: InferenceMessage): InferenceMessage {
    const lie = this.#lie
    if (lie === undefined || lie.type === 'complaint') return message
    if (message.type !== 'step' || message.request < lie.from) return message
    this.#hasLied = true
    if (lie.type === 'hash') return { ...message, leaf: simHash(message.leaf).subarray(0, 8) }
    const tensors = message.tensors.map((tensor) => spoiltTensor(tensor, lie))
    return { ...message, tensors, leaf: leafOf(tensors, simHash).subarray(0, 8) }
  }

  #complain(): void {
    const beforeEpoch = this.#beforeEpoch
    if (beforeEpoch === undefined || beforeEpoch === this.#blamed) return
    this.#blamed = beforeEpoch
    this.#hasLied = true
    const code = 'INFERENCE_CUT_INVALID'
    const record = { code, request: undefined, nextEpoch: undefined, beforeEpoch } as const
    this.#reply({ type: 'fault', record })
  }
}

function spoiltTensor(tensor: Tensor, lie: Lie): Tensor {
  const { dims, data } = tensor
  if (tensor.type === 'int32') {
    const beyond = { position: 1_000, drawFrom: 1, tokens: [1] }
    return lie.type === 'position' ? rowsTensor(beyond) : tensor
  }
  // A number like others: who computes with it gets what is none.
  if (lie.type === 'too-large') return { ...tensor, data: data.map(() => 0x7e) }
  if (lie.type === 'no-number') return { ...tensor, data: data.slice().fill(0xff) }
  if (lie.type !== 'shape') return tensor
  return { ...tensor, dims: dims.with(1, 2 * (dims[1] ?? 1)), data: concatBytes([data, data]) }
}
