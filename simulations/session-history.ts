/**
 * What was seen of one simulated session, for checkers to judge.
 *
 * @module
 */

import type { PeerId } from '../core/ids.ts'
import type { Tensor } from '../core/tensor.ts'
import type { InferenceCode, Receipt } from '../protocols/inference/index.ts'

/** One session as its requester saw it, and what the world knows besides. */
export interface SessionHistory {
  readonly stages: number
  readonly requests: number
  /** Inputs by request. */
  readonly input: (request: number) => readonly Tensor[]
  /** Outputs in the order in which they came. */
  readonly outputs: readonly {
    readonly request: number
    readonly tensors: readonly Tensor[]
    readonly atMs: number
  }[]
  /** Every loss for which a successor was asked. */
  readonly losses: readonly {
    readonly stage: number
    readonly peer: PeerId | undefined
    readonly code: InferenceCode
    readonly atMs: number
  }[]
  /** Devices that are not blamed for what they were replaced for. */
  readonly cleared: readonly PeerId[]
  /** Devices that lied at least once. */
  readonly liars: readonly PeerId[]
  /** Stages that another device took over. */
  readonly moves: number
  readonly receipts: readonly Receipt[]
  /** Of a text: what was said, what the model says, and the steps that the requester had to send. */
  readonly text?: {
    readonly answer: readonly number[]
    readonly expected: readonly number[]
    readonly steps: number
  }
  /** How the session ended; more than one end is one too many. */
  readonly ends: readonly {
    readonly code: InferenceCode | undefined
    readonly atMs: number
  }[]
  /** True for a device to which nothing was done. */
  readonly blameless: (peer: PeerId) => boolean
  /** True when nothing was done to any device. */
  readonly peaceful: boolean
  /** From then on nothing was done to any device; 0 when nothing ever was. */
  readonly calmMs: number
  /** When watching stopped. */
  readonly endMs: number
  /** Devices, alive and awake, that still hold a stage of the session when watching stopped. */
  readonly holders: readonly PeerId[]
}

/** An invariant: what is wrong with a session, as sentences; nothing when it holds. */
export type SessionChecker = (history: SessionHistory) => readonly string[]
