/**
 * Owners who come back while others' sessions run on their devices.
 */

import type { Decision, GiveBackStep } from '../harvest/index.ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { decision } from '../../test/fixtures/decisions.ts'
import {
  fakedClock,
  type InferenceDevice,
  InferenceMesh,
  type SessionLog,
  someInputs,
} from '../../test/fixtures/inference-mesh.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

const giveBack = (step: GiveBackStep): Decision => decision({ cpu: 0, gpu: 0, lease: 0, step })
const YIELD = giveBack('yield')
const FREEZE = giveBack('freeze')
const DRAIN = giveBack('drain')
const KILL = giveBack('kill')

function devices(): [InferenceDevice, InferenceDevice, InferenceDevice] {
  return [mesh.add(), mesh.add(), mesh.add()]
}

/** Calls back at the n-th run of any executor of `device`. */
function atRun(device: InferenceDevice, number: number, callback: () => void): void {
  let runs = 0
  device.onLoad = (executor) => {
    executor.beforeRun = () => {
      if (++runs === number) callback()
    }
  }
}

const moves = ({ events }: SessionLog): readonly (readonly string[])[] =>
  events.flatMap((event) =>
    event.type === 'recovered' ? [[event.recovery.to, event.recovery.code]] : [],
  )

describe('stages that are lent', () => {
  it('move to another device when the owner is back, also while they are frozen', async () => {
    const [requester, owner, spare] = devices()
    atRun(owner, 4, () => {
      owner.lent.apply(YIELD)
      owner.lent.apply(FREEZE)
    })
    const log = mesh.start({ requester, stages: [owner], spares: [spare] })
    await mesh.run(log, someInputs(20))

    expect(log.outputs.size).toBe(20)
    expect(moves(log)).toEqual([[spare.peer, 'INFERENCE_STAGE_LEAVING']])
    expect(owner.executors[0]?.frozen).toBe(true)
    await mesh.pass(100)
    expect(owner.lent.work()).toEqual({ cpu: 'none', gpu: 'none', interactive: false })
  })

  it('give what they made as fast as their share of the uplink allows, and in order', async () => {
    const bytes: number[] = []
    let waits = 0
    // The first output of two waits longer than the one after it.
    const passAhead = (size: number): Promise<void> => {
      bytes.push(size)
      return fakedClock.sleep(waits++ % 2 === 0 ? 200 : 0, new AbortController().signal)
    }
    const uplink = { passAhead, sending: () => undefined, sent: () => undefined }
    const [requester, owner] = [mesh.add(), mesh.add(64, uplink)]
    const log = mesh.start({ requester, stages: [owner] })
    const beganMs = performance.now()
    await mesh.run(log, someInputs(8))

    expect([...log.outputs.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(bytes).toEqual(Array.from({ length: 8 }, () => bytes[0]))
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(800)

    // What a device wants of itself leaves it nowhere.
    const own = mesh.start({ requester: owner, stages: [owner] })
    await mesh.run(own, someInputs(2))
    expect(bytes).toHaveLength(8)
  })

  it('go on where they were when the owner only touched the mouse, and move the next time', async () => {
    const [requester, owner, spare] = devices()
    const seen: unknown[] = []
    let asked = 0
    let runs = 0
    owner.onLoad = (executor) => {
      executor.beforeRun = () => {
        runs++
        if (runs !== 4 && runs !== 12) return
        owner.lent.apply(YIELD)
        owner.lent.apply(FREEZE)
        seen.push([executor.frozen, owner.lent.work().cpu])
        setTimeout(() => owner.lent.apply(decision()), 200)
      }
    }
    const replacement = () => (++asked > 2 ? spare : undefined)
    const log = mesh.start({ requester, stages: [owner], replacement })
    await mesh.run(log, someInputs(40))

    expect(log.outputs.size).toBe(40)
    expect(seen).toEqual([
      [true, 'paused'],
      [true, 'paused'],
    ])
    expect(moves(log)).toEqual([[spare.peer, 'INFERENCE_STAGE_LEAVING']])
  })

  it('end with their process when nobody could take them in time', async () => {
    const [requester, owner, late] = devices()
    atRun(owner, 4, () => {
      for (const step of [YIELD, FREEZE, DRAIN]) owner.lent.apply(step)
      setTimeout(() => {
        owner.lent.apply(KILL)
      }, 1_000)
    })
    const log = mesh.start({ requester, stages: [owner], spares: [late] })
    late.onLoad = () => new Promise((resolve) => void setTimeout(resolve, 2_000))
    await mesh.run(log, someInputs(10))

    expect(log.outputs.size).toBe(10)
    expect(owner.executors[0]?.stopped).toBe(true)
    expect(moves(log)).toHaveLength(1)
  })

  it('are not taken while nothing is lent, and what the owner wants is', async () => {
    const [requester, owner, spare] = devices()
    owner.lent.apply(YIELD)
    const log = mesh.start({ requester, stages: [owner], spares: [spare] })
    await mesh.run(log, someInputs(2))
    expect(moves(log)).toEqual([[spare.peer, 'INFERENCE_OPEN_REFUSED']])

    const own = mesh.start({ requester: owner, stages: [owner] })
    await mesh.run(own, someInputs(2))
    expect([own.outputs.size, moves(own)]).toEqual([2, []])
    expect(owner.lent.work()).toEqual({ cpu: 'none', gpu: 'none', interactive: false })
  })

  it('take nothing new while the device is to finish, and what runs ends', async () => {
    const [requester, owner, spare] = devices()
    const first = mesh.start({ requester, stages: [owner] })
    await mesh.pass(10)
    owner.lent.apply(decision({ lease: 0 }))
    const second = mesh.start({ requester, stages: [owner], spares: [spare] })
    await mesh.run(second, someInputs(2))
    await mesh.run(first, someInputs(5))
    expect([moves(first), moves(second)]).toEqual([[], [[spare.peer, 'INFERENCE_OPEN_REFUSED']]])
  })

  it('leave no process behind when memory is wanted', async () => {
    const [requester, owner] = devices()
    await mesh.run(mesh.start({ requester, stages: [owner] }), someInputs(2))
    expect(owner.pool.stages).toHaveLength(1)
    owner.lent.apply(decision({ cpu: 0, gpu: 0, lease: 0, releaseMemory: true }))
    await mesh.pass(10)
    expect([owner.pool.stages, owner.executors[0]?.stopped]).toEqual([[], true])
  })
})
