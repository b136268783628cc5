/**
 * What members cannot do to a device that serves stages, although they keep to the protocol's form.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { IN_FLIGHT_MAX, type InferenceMessage } from '../../protocols/inference/index.ts'
import { InferenceMesh, MODEL, type InferenceDevice } from '../../test/fixtures/inference-mesh.ts'
import { floats, preparedStage } from '../../test/fixtures/stage-executors.ts'
import { crossing } from './stage-pool.ts'

let mesh = new InferenceMesh()
let sessions = 0

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

/** A session of one stage by hand: what `from` says to `to`, and what it hears. */
function open(from: InferenceDevice, to: InferenceDevice, next: readonly InferenceDevice[] = []) {
  const heard: InferenceMessage[] = []
  const slot = from.outbound.openSlot(to.peer, 0, {
    onMessage: (message) => heard.push(message),
    onEnd: () => undefined,
  })
  const record = {
    version: 1,
    session: (++sessions).toString(16).padStart(32, '0') as SessionId,
    stage: 0,
    route: [to, ...next].map(({ peer }) => ({ peer, epoch: 0 })),
    model: MODEL,
    manifest: { id: MODEL as never, bytes: 1, chunkHashes: [] },
    fromLayer: 0,
    toLayer: 1,
    wire: 'f32',
    provider: 'auto',
    inFlightMax: IN_FLIGHT_MAX,
    runMsMax: 1_000,
    numericClass: undefined,
    text: undefined,
  } as const
  slot.send({ type: 'open', record })
  const step = (request: number, tensors: readonly Tensor[]): void =>
    slot.send({ type: 'step', request, hops: [], tensors, leaf: new Uint8Array(8) })
  const faults = (): readonly string[] =>
    heard.flatMap((message) => (message.type === 'fault' ? message.record.code : []))
  return { slot, step, heard, faults }
}

describe('hostile peers', () => {
  it('open no stage without the role to', async () => {
    const [observer, worker] = [mesh.add(), mesh.add()]
    worker.mayOpen = (peer) => peer !== observer.peer
    const { faults } = open(observer, worker)
    await mesh.pass(10)
    expect([faults(), worker.host.stages, worker.executors]).toEqual([
      ['INFERENCE_NOT_ALLOWED'],
      [],
      [],
    ])
  })

  it('take half of the stages each, and leave some to the owner of the device', async () => {
    const [a, b, host] = [mesh.add(), mesh.add(), mesh.add(16)]
    const refused: number[] = []
    const wishes = [
      [a, 10],
      [b, 10],
      [host, 4],
    ] as const
    for (const [from, count] of wishes) {
      const opened = Array.from({ length: count }, () => open(from, host))
      await mesh.pass(10)
      refused.push(opened.filter(({ faults }) => faults().length > 0).length)
    }
    expect([refused, host.host.stages.length]).toEqual([[2, 4, 2], 16])
  })

  it('fill no more memory than they may while a stage is loaded', async () => {
    const [liar, host] = [mesh.add(), mesh.add()]
    host.onLoad = () => new Promise(() => undefined)
    const { step, faults } = open(liar, host)
    const half = floats(...Array.from({ length: 125_000 }, () => 1))
    for (let request = 0; request < 4; request++) step(request, half)
    await mesh.pass(10)
    expect(faults()).toEqual(['INFERENCE_OVERLOADED', 'INFERENCE_OVERLOADED'])
    host.executors[0]?.die()
  })

  it('fill no more memory with journals by opening more sessions', async () => {
    const [liar, host, next] = [mesh.add(), mesh.add(), mesh.add()]
    const large = floats(...Array.from({ length: 125_000 }, () => 1))
    const missing: (readonly string[])[] = []
    const opened = Array.from({ length: 3 }, () => open(liar, host, [next]))
    for (const { slot, step, faults } of opened) {
      await mesh.pass(10)
      step(0, large)
      await mesh.pass(10)
      const route = [host, next].map(({ peer }, stage) => ({ peer, epoch: stage }))
      slot.send({ type: 'route', route, fed: 0, shadow: undefined })
      await mesh.pass(10)
      missing.push(faults())
    }
    expect(missing).toEqual([[], [], ['INFERENCE_JOURNAL_MISSING']])
  })

  it('give memory back when they are gone', async () => {
    const [liar, host] = [mesh.add(), mesh.add()]
    const half = floats(...Array.from({ length: 125_000 }, () => 1))
    for (let session = 0; session < 3; session++) {
      const { slot, step, faults } = open(liar, host)
      for (let request = 0; request < 8; request++) {
        step(request, half)
        await mesh.pass(10)
      }
      expect(faults()).toEqual([])
      slot.send({ type: 'close' })
      await mesh.pass(10)
    }
  })

  it('hold no more in slots that nobody explains than one of them may', async () => {
    const [liar, host] = [mesh.add(), mesh.add()]
    const half = floats(...Array.from({ length: 125_000 }, () => 1))
    for (let slots = 0; slots < 8; slots++) {
      const slot = liar.outbound.openSlot(host.peer, 0, {
        onMessage: () => undefined,
        onEnd: () => undefined,
      })
      const session = slots.toString(16).padStart(32, 'f') as SessionId
      slot.send({ type: 'attach', record: { version: 1, session, stage: 0, epoch: 0 } })
      slot.send({ type: 'step', request: 0, hops: [], tensors: half, leaf: new Uint8Array(8) })
    }
    await mesh.pass(10)
    expect(host.host.waitingBytes).toBe(1_000_000)
    mesh.hub.kill(liar.peer)
    await mesh.pass(10)
    expect(host.host.waitingBytes).toBe(0)
  })
})

describe('tensors that cross a cut', () => {
  const { description } = preparedStage({ fromLayer: 0, toLayer: 1 })
  const [x] = floats(1, 2) as [Tensor]

  it('are picked by name, whatever else was sent', () => {
    expect(crossing(description, [{ ...x, name: 'y' }, x, { ...x, dims: [1, 1] }])).toEqual([x])
  })

  it.each([
    ['none', []],
    ['another type', [{ ...x, type: 'int32' as const }]],
    ['another rank', [{ ...x, dims: [1, 2] }]],
  ])('are refused: %s', (_what, sent) => {
    expect(() => crossing(description, sent)).toThrow(
      expect.objectContaining({ code: 'RUNTIME_INPUT_INVALID' }),
    )
  })
})
