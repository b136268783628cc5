/**
 * The machine of a requester with two stages, for its tests.
 *
 * @module
 */

import type { BlobId, ModelId, PeerId, SessionId } from '../../core/ids.ts'
import type { FaultCode } from './faults.ts'
import type { InferenceMessage } from './messages.ts'
import type { ReadyRecord } from './records.ts'
import { RequesterMachine } from './requester-machine.ts'
import type { RequesterInit, RequesterOutput } from './requester-types.ts'

export const peers = ['a', 'b'] as PeerId[]
export const tensors = [{ name: 'x', type: 'uint8' as const, dims: [1], data: Uint8Array.of(1) }]

const init = {
  open: {
    version: 1,
    session: '00'.repeat(16) as SessionId,
    model: 'ab'.repeat(32) as ModelId,
    manifest: { id: 'ab'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
    wires: ['f32'],
    provider: 'auto',
    inFlightMax: 4,
    runMsMax: 1_000,
    text: undefined,
  },
  ranges: [
    { fromLayer: 0, toLayer: 1 },
    { fromLayer: 1, toLayer: 2 },
  ],
  pingMs: 100,
  stallMs: 400,
  progressMs: 1_000,
  recoveriesMax: 3,
  receiptMs: 500,
} as const

export const record: ReadyRecord = {
  provider: 'cpu',
  numericClass: new Uint8Array(32),
  exact: true,
  loadMs: 1,
  fetchedBytes: 0,
  stepUs: undefined,
  besideUs: undefined,
  chunkUs: undefined,
  keptRowBytes: undefined,
  weightBytes: 1,
  prefixRows: undefined,
}

/** One machine, and what it said to each word, without the pings. */
export class Session {
  readonly machine: RequesterMachine
  nowMs = 0

  constructor(more: Partial<Pick<RequesterInit, 'recoveriesMax' | 'outputs'>> = {}) {
    this.machine = new RequesterMachine({ ...init, ...more })
  }

  handle(input: Parameters<RequesterMachine['handle']>[0]): readonly RequesterOutput[] {
    return this.machine
      .handle(input, this.nowMs)
      .filter((output) => output.type !== 'send' || output.message.type !== 'ping')
  }

  hear(stage: number, epoch: number, message: InferenceMessage): readonly RequesterOutput[] {
    return this.handle({ type: 'message', stage, epoch, message })
  }

  fault(stage: number, epoch: number, code: FaultCode, request?: number) {
    const fault = { code, request, nextEpoch: undefined, beforeEpoch: undefined }
    return this.hear(stage, epoch, { type: 'fault', record: fault })
  }

  /** Lets `ms` pass in steps of a ping, with pongs of the stages that `answering` says. */
  pass(ms: number, answering: (stage: number) => { received: number; done: number } | undefined) {
    const outputs: RequesterOutput[] = []
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += 100
      outputs.push(...this.handle({ type: 'time-passed' }))
      for (const stage of peers.keys()) {
        const pong = answering(stage)
        if (pong !== undefined)
          this.hear(stage, 0, { type: 'pong', ...pong, reached: 0, clockUs: 0 })
      }
    }
    return outputs
  }

  /** Opened, with both stages ready. */
  ready(): this {
    this.handle({ type: 'start', peers })
    for (const stage of peers.keys()) this.hear(stage, 0, { type: 'ready', record })
    return this
  }
}

export const idle = { received: 0, done: 0 }
export const types = (outputs: readonly RequesterOutput[]) =>
  outputs.map((output) => (output.type === 'send' ? `send ${output.message.type}` : output.type))
