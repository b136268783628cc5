/**
 * Whole sessions between real hosts and requesters over links in memory.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { BlobId, ModelId, SessionId } from '../../core/ids.ts'
import {
  leafOf,
  receiptMessage,
  rootOf,
  SESSIONS_PER_LINK_MAX,
  type AttachRecord,
  type OpenRecord,
} from '../../protocols/inference/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  InferenceMesh,
  someInputs,
  type InferenceDevice,
  type SessionLog,
} from '../../test/fixtures/inference-mesh.ts'
import { floats } from '../../test/fixtures/stage-executors.ts'
import { RuntimeError } from '../runtime/errors.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

type Devices = [InferenceDevice, InferenceDevice, InferenceDevice, InferenceDevice, InferenceDevice]

/** Fresh devices, as many as a test can name. */
function devices(): Devices {
  return Array.from({ length: 5 }, () => mesh.add()) as Devices
}

/** What a session of one stage at `peer` would say. */
function openRecord({ peer }: InferenceDevice): OpenRecord {
  return {
    version: 1,
    session: '1'.padStart(32, '0') as SessionId,
    stage: 0,
    route: [{ peer, epoch: 0 }],
    model: 'ab'.repeat(32) as ModelId,
    manifest: { id: 'ab'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
    fromLayer: 0,
    toLayer: 1,
    wires: [],
    provider: 'auto',
    inFlightMax: 1,
    runMsMax: 1_000,
    numericClass: undefined,
    text: undefined,
  }
}

const { fround } = Math
const f16 = (value: number) => new Float16Array([value])[0] ?? 0
const layer = (value: number) => fround(2 * value + 1)

/** What `layers` layers make of the inputs, with a rounding after each of `cuts` layers. */
function expected(count: number, layers: number, cuts: readonly number[] = []) {
  return new Map(
    someInputs(count).map((_, index) => {
      const values = [fround(index + 0.1), -index].map((value) => {
        let result = value
        for (let at = 1; at <= layers; at++) {
          result = layer(result)
          if (cuts.includes(at)) result = f16(result)
        }
        return result
      })
      return [index, values]
    }),
  )
}

const sorted = ({ outputs }: SessionLog) =>
  new Map([...outputs].toSorted(([first], [second]) => first - second))
const recoveries = ({ events }: SessionLog) =>
  events.flatMap((event) => (event.type === 'recovered' ? event.recovery : []))

describe('sessions', () => {
  it('give every output, with receipts that agree with each other and with what was seen', async () => {
    const [requester, a, b, c] = devices()
    const stages = [a, b, c]
    const log = mesh.start({ requester, stages, layers: 6 })
    await mesh.run(log, someInputs(20))

    expect(sorted(log)).toEqual(expected(20, 6))
    const signed = log.events.flatMap((event) => (event.type === 'receipt' ? event.signed : []))
    const inOrder = signed.toSorted((x, y) => x.receipt.stage - y.receipt.stage)
    const { sha256 } = nodeCrypto
    const leaves = (sets: ReturnType<typeof someInputs>) =>
      new Map(sets.map((tensors, index) => [index, leafOf(tensors, sha256)]))
    const first = leaves(someInputs(20))
    const last = leaves([...expected(20, 6).values()].map((values) => floats(...values)))
    const roots = inOrder.flatMap(({ receipt }) => [receipt.inputRoot, receipt.outputRoot])
    expect(toHex(roots[0] ?? new Uint8Array())).toBe(toHex(rootOf(first, first, sha256)))
    expect(roots[1]).toEqual(roots[2])
    expect(roots[3]).toEqual(roots[4])
    expect(roots[5]).toEqual(rootOf(last, last, sha256))
    expect(
      inOrder.map(({ receipt, signature }) => [
        receipt.provider,
        receipt.requester,
        receipt.requests,
        nodeCrypto.verify(receipt.provider, receiptMessage(receipt), signature),
      ]),
    ).toEqual(stages.map(({ peer }) => [peer, requester.peer, 20, true]))
    expect(mesh.devices.map(({ host }) => host.stages.length)).toEqual([0, 0, 0, 0, 0])
  })

  it('round to binary16 at the cuts of an f16 session, and nowhere else', async () => {
    const [requester, a, b] = devices()
    const log = mesh.start({ requester, stages: [a, b], layers: 4, wires: ['f16'] })
    await mesh.run(log, someInputs(9))
    expect(sorted(log)).toEqual(expected(9, 4, [2]))
    expect(sorted(log)).not.toEqual(expected(9, 4))
  })

  it('round where their cuts say so, whoever holds the stages', async () => {
    const [requester, a, b, c, d] = devices()
    let runs = 0
    b.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs === 5) mesh.hub.kill(b.peer)
      }
    }
    for (const [wires, cuts] of [
      [['f32', 'f16'], [4]],
      [['f16', 'f32'], [2]],
    ] as const) {
      const log = mesh.start({ requester, stages: [a, b, c], layers: 6, wires, spares: [d] })
      await mesh.run(log, someInputs(12))
      expect(sorted(log), wires.join(' ')).toEqual(expected(12, 6, cuts))
    }
  })

  it('run on the device that asks for them too, as any of their stages', async () => {
    const [requester, other] = devices()
    const log = mesh.start({ requester, stages: [requester, other, requester], layers: 3 })
    await mesh.run(log, someInputs(7))
    expect(sorted(log)).toEqual(expected(7, 3))
  })

  it('go on when an executor dies, a device dies, or a device leaves', async () => {
    const [requester, a, b, c, d] = devices()
    let runs = 0
    b.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs !== 5) return
        executor.die()
        throw new RuntimeError({
          code: 'RUNTIME_EXECUTOR_DIED',
          exitCode: 9,
          signal: null,
          stderrTail: '',
        })
      }
    }
    c.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs === 12) mesh.hub.kill(c.peer)
      }
    }
    d.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs === 18) d.host.leave('battery', 1_000)
      }
    }
    const log = mesh.start({ requester, stages: [a, b], layers: 4, spares: [c, d, a] })
    await mesh.run(log, someInputs(30))

    expect(sorted(log)).toEqual(expected(30, 4))
    expect(recoveries(log).map(({ from, to, code }) => [from, to, code])).toEqual([
      [b.peer, c.peer, 'INFERENCE_EXECUTOR_DIED'],
      [c.peer, d.peer, 'INFERENCE_LINK_LOST'],
      [d.peer, a.peer, 'INFERENCE_STAGE_LEAVING'],
    ])
    expect(log.events.at(-1)).toEqual({ type: 'closed' })
  })

  it('open the ways between neighbours while a stage still loads', async () => {
    const [requester, a, b, c] = devices()
    const reached: string[] = []
    const open = b.network.open.bind(b.network)
    vi.spyOn(b.network, 'open').mockImplementation((peer, ...rest) => {
      reached.push(peer)
      return open(peer, ...rest)
    })
    b.onLoad = () => new Promise(() => undefined)
    mesh.start({ requester, stages: [a, b, c], layers: 3 })
    await vi.waitFor(() => expect(reached.toSorted()).toEqual([a.peer, c.peer].toSorted()))
  })

  it('go on when two neighbours die at once, while others compute', async () => {
    const [requester, a, b, c, d] = devices()
    const late = mesh.add()
    let runs = 0
    c.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs !== 4) return
        mesh.hub.kill(b.peer)
        mesh.hub.kill(c.peer)
      }
    }
    const stages = [a, b, c]
    const log = mesh.start({ requester, stages, layers: 3, spares: [d, late], inFlightMax: 8 })
    await mesh.run(log, someInputs(20))
    expect(sorted(log)).toEqual(expected(20, 3))
    const lost = recoveries(log).map(({ stage, from }) => [stage, from])
    expect(lost).toEqual([
      [1, b.peer],
      [2, c.peer],
    ])
  })

  it('fail with the code of what could not be loaded anywhere', async () => {
    const [requester, a, b] = devices()
    for (const broken of [a, b]) broken.onLoad = () => Promise.reject(new Error('no'))
    const log = mesh.start({ requester, stages: [a], spares: [b] })
    await mesh.run(log, someInputs(1))
    expect(log.events).toEqual([{ type: 'failed', code: 'INFERENCE_LOAD_FAILED', stage: 0 }])
  })

  it('are refused by a device that has as many as it may, and go to another', async () => {
    const requester = mesh.add()
    const [full, free] = [mesh.add(1), mesh.add()]
    const first = mesh.start({ requester, stages: [full] })
    await mesh.pass(10)
    const second = mesh.start({ requester, stages: [full], spares: [free] })
    await mesh.run(second, someInputs(2))
    await mesh.run(first, someInputs(2))

    expect(recoveries(second).map(({ code, to }) => [code, to])).toEqual([
      ['INFERENCE_OVERLOADED', free.peer],
    ])
    expect([sorted(first), sorted(second)]).toEqual([expected(2, 1), expected(2, 1)])
  })

  it('end at their stages when the requester is lost', async () => {
    const [requester, a, b] = devices()
    const log = mesh.start({ requester, stages: [a, b] })
    await mesh.pass(10)
    expect([a.host.stages.length, b.host.stages.length]).toEqual([1, 1])
    mesh.hub.kill(requester.peer)
    await mesh.pass(10)
    expect([a.host.stages.length, b.host.stages.length]).toEqual([0, 0])
    log.session.abort()
  })

  it('end at their stages when the requester says nothing for too long', async () => {
    const [requester, a] = devices()
    const record = openRecord(a)
    const heard: string[] = []
    const slot = requester.outbound.openSlot(a.peer, 0, {
      onMessage: ({ type }) => heard.push(type),
      onEnd: (code) => heard.push(code),
    })
    slot.send({ type: 'open', record })
    await mesh.pass(29_000)
    expect([heard, a.host.stages.length]).toEqual([['ready'], 1])
    await mesh.pass(1_001)
    expect([heard, a.host.stages.length]).toEqual([['ready', 'receipt'], 0])
  })

  it.each([
    ['another device', { route: [{ peer: device(99).peer, epoch: 0 }] }],
    ['no layers', { fromLayer: 1 }],
    ['no request at a time', { inFlightMax: 0 }],
    ['a cut behind the last stage', { wires: ['f32' as const] }],
    ['a manifest of another model', { model: 'cd'.repeat(32) as ModelId }],
  ])('are refused when they ask for %s', async (_what, wrong) => {
    const [requester, a] = devices()
    const record = { ...openRecord(a), ...wrong }
    const heard: unknown[] = []
    const slot = requester.outbound.openSlot(a.peer, 0, {
      onMessage: (message) => heard.push(message),
      onEnd: (code) => heard.push(code),
    })
    slot.send({ type: 'open', record })
    await mesh.pass(10)
    const nobody = { request: undefined, nextEpoch: undefined, beforeEpoch: undefined }
    const refused = { code: 'INFERENCE_OPEN_REFUSED', ...nobody }
    expect([heard, a.host.stages]).toEqual([[{ type: 'fault', record: refused }], []])
  })

  it('stop to load when they are aborted', async () => {
    const [requester, a] = devices()
    a.onLoad = () => new Promise(() => undefined)
    const log = mesh.start({ requester, stages: [a] })
    await mesh.pass(10)
    log.session.abort()
    log.session.abort()
    log.session.submit(0, floats(1, 1))
    log.session.finish()
    await mesh.pass(10)
    expect([a.host.stages, log.session.capacity, log.events]).toEqual([[], 0, []])
    a.executors[0]?.die()
  })

  it('take steps only from the peer that their route names', async () => {
    const [requester, a, b, liar] = devices()
    const attach: AttachRecord = {
      version: 1,
      session: '1'.padStart(32, '0') as SessionId,
      stage: 0,
      to: 1,
      epoch: 0,
    }
    const slot = liar.outbound.openSlot(b.peer, 0, {
      onMessage: () => undefined,
      onEnd: () => undefined,
    })
    slot.send({ type: 'attach', record: attach })
    const lie = { request: 0, hops: [], tensors: floats(9, 9), leaf: new Uint8Array(8) }
    slot.send({ type: 'step', ...lie })
    const log = mesh.start({ requester, stages: [a, b], layers: 2 })
    await mesh.pass(10)
    slot.send({ type: 'attach', record: attach })
    slot.send({ type: 'step', ...lie })
    await mesh.run(log, someInputs(5))
    expect(sorted(log)).toEqual(expected(5, 2))
  })

  it('leave nothing in the slots of a link that later sessions need', async () => {
    const [requester, a, b] = devices()
    for (let session = 0; session <= SESSIONS_PER_LINK_MAX; session++) {
      const log = mesh.start({ requester, stages: [a, b], layers: 2 })
      await mesh.run(log, someInputs(1))
      expect(sorted(log)).toEqual(expected(1, 2))
    }
    expect([a.executors.length, b.executors.length]).toEqual([1, 1])
  })
})
