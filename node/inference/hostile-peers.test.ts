/**
 * What members cannot do to a device that serves stages, although they keep to the protocol's form.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import { IN_FLIGHT_MAX, type InferenceMessage } from '../../protocols/inference/index.ts'
import {
  InferenceMesh,
  MODEL,
  someInputs,
  type InferenceDevice,
} from '../../test/fixtures/inference-mesh.ts'
import { floats, preparedStage } from '../../test/fixtures/stage-executors.ts'
import { RuntimeError } from '../runtime/errors.ts'
import { crossing } from './stage-tensors.ts'

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
    wires: next.map(() => 'f32' as const),
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
      slot.send({ type: 'attach', record: { version: 1, session, stage: 0, to: 1, epoch: 0 } })
      slot.send({ type: 'step', request: 0, hops: [], tensors: half, leaf: new Uint8Array(8) })
    }
    await mesh.pass(10)
    expect(host.host.waitingBytes).toBe(1_000_000)
    mesh.hub.kill(liar.peer)
    await mesh.pass(10)
    expect(host.host.waitingBytes).toBe(0)
  })
})

describe('stages that lie to each other', () => {
  type Lie = (tensor: Tensor) => Tensor
  const PROMPT = [11, 7, 42, 3, 3, 90, 15, 8]
  const wrongInput = new RuntimeError({
    code: 'RUNTIME_INPUT_INVALID',
    tensor: 'stream',
    detail: 'expected more',
  })

  /** What a text in three stages says, and who of them is lost. */
  async function told(held: readonly InferenceDevice[], spares: readonly InferenceDevice[]) {
    const requester = mesh.add()
    const log = mesh.startText({ requester, stages: held, spares, prompt: PROMPT, tokensMax: 16 })
    await mesh.runText(log)
    const lost = log.events.flatMap((event) =>
      event.type === 'recovered' ? [[event.recovery.from, event.recovery.code]] : [],
    )
    return { answer: log.text.generation.answer, lost }
  }

  /** From their n-th run on, what the executors of a device give is spoilt. */
  function spoil(device: InferenceDevice, from: number, lie: Lie): void {
    device.onLoad = (executor) => {
      const step = executor.step.bind(executor)
      let runs = 0
      executor.step = async (run) => {
        const { outputs, ...times } = await step(run)
        if (++runs < from) return { outputs, ...times }
        return { outputs: outputs.map(lie), ...times }
      }
    }
  }

  const twice: Lie = (tensor) => ({
    ...tensor,
    dims: tensor.dims.with(1, 2 * (tensor.dims[1] ?? 1)),
    data: Buffer.concat([tensor.data, tensor.data]),
  })
  const spoilt: Lie = (tensor) => ({ ...tensor, data: tensor.data.slice().fill(0xff) })

  it.each([
    ['for rows that nobody asked for', twice, 'INFERENCE_CUT_INVALID'],
    ['by their own word for what is no number', spoilt, 'INFERENCE_RUN_FAILED'],
  ] as const)('are replaced %s, and the text says the same', async (_what, lie, code) => {
    const [a, b, c, d] = [mesh.add(), mesh.add(), mesh.add(), mesh.add()]
    const { answer } = await told([a, d, c], [])
    spoil(b, 6, lie)
    const liar = await told([a, b, c], [d])
    expect(liar.answer).toEqual(answer)
    expect([liar.lost, mesh.cleared]).toEqual([[[b.peer, code]], []])
  })

  it('are replaced when they say so of one neighbour after another', async () => {
    const [a, b, c, d, e] = [mesh.add(), mesh.add(), mesh.add(), mesh.add(), mesh.add()]
    const { answer } = await told([a, d, e], [])
    let runs = 0
    b.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs >= 5) throw wrongInput
      }
    }
    const liar = await told([a, b, c], [d, e])
    expect(liar.answer).toEqual(answer)
    expect([liar.lost, mesh.cleared]).toEqual([
      [
        [a.peer, 'INFERENCE_CUT_INVALID'],
        [b.peer, 'INFERENCE_COMPLAINT_UNFOUNDED'],
      ],
      [a.peer],
    ])
  })

  it('are replaced in sessions without a state as well', async () => {
    const [requester, a, b, c] = [mesh.add(), mesh.add(), mesh.add(), mesh.add()]
    a.onLoad = (executor) => {
      const run = executor.run.bind(executor)
      executor.run = async (tensors) => {
        const { outputs, ...times } = await run(tensors)
        return { outputs: outputs.map((each) => ({ ...each, dims: [1, 2] })), ...times }
      }
    }
    const log = mesh.start({ requester, stages: [a, b], layers: 2, spares: [c] })
    await mesh.run(log, someInputs(6))
    const lost = log.events.flatMap((event) =>
      event.type === 'recovered' ? [[event.recovery.from, event.recovery.code]] : [],
    )
    expect([log.outputs.size, lost]).toEqual([6, [[a.peer, 'INFERENCE_CUT_INVALID']]])
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
