import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import type { BlobId, ModelId, PeerId, SessionId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { OpenRecord } from '../../protocols/inference/index.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { FakeExecutor, LAYER_BYTES, preparedStage } from '../../test/fixtures/stage-executors.ts'
import { RuntimeError } from '../runtime/errors.ts'
import { StagePool, type StagePoolComponents, type StageRequest } from './stage-pool.ts'

const requester = 'requester' as PeerId

function open(fromLayer: number, toLayer: number, more: Partial<OpenRecord> = {}): OpenRecord {
  return {
    version: 1,
    session: '00'.repeat(16) as SessionId,
    stage: 0,
    route: [],
    model: 'ab'.repeat(32) as ModelId,
    manifest: { id: 'ab'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
    fromLayer,
    toLayer,
    wires: [],
    provider: 'auto',
    inFlightMax: 1,
    runMsMax: 1_000,
    text: undefined,
    numericClass: undefined,
    ...more,
  }
}

const PROVED = {
  class: new Uint8Array(32),
  exact: true,
  lone: true,
  together: true,
  stepUs: 0,
}

const SPOILT = { code: 'RUNTIME_SELF_TEST_FAILED', provider: 'cpu', detail: 'wrong' } as const

function setup(more: Partial<StagePoolComponents> = {}) {
  const clock = new ManualClock()
  const executors: FakeExecutor[] = []
  const pool = new StagePool(
    {
      clock,
      logger: SILENT_LOGGER,
      prepare: async (record) => preparedStage(record),
      load: async (spec) => {
        const executor = new FakeExecutor(spec)
        executors.push(executor)
        return executor
      },
      selfTest: async () => PROVED,
      tokens: () => Promise.reject(new Error('no text')),
      provider: async (asked) => (asked === 'auto' ? 'cpu' : asked),
      ...more,
    },
    {
      weightBytesMax: 4 * LAYER_BYTES,
      executorMemoryBytes: 1_000,
      loadMsMax: 500,
      runMsMax: 2_000,
      idleMs: 60_000,
    },
  )
  const events: string[] = []
  const acquire = (record: OpenRecord, wish: Partial<StageRequest> = {}) =>
    pool.acquire({
      open: record,
      requester,
      onProgress: (done, total) => events.push(`${done}/${total}`),
      onExit: () => events.push('exit'),
      signal: new AbortController().signal,
      ...wish,
    })
  return { clock, pool, executors, events, acquire }
}

const failure = new RuntimeError({
  code: 'RUNTIME_EXECUTOR_DIED',
  exitCode: 1,
  signal: null,
  stderrTail: '',
})

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => vi.useRealTimers())

describe('stage pool', () => {
  it('loads a stage once for all sessions that ask for it, also while it is loading', async () => {
    const { acquire, executors, pool } = setup()
    const [first, second] = await Promise.all([acquire(open(0, 2)), acquire(open(0, 2))])
    const third = await acquire(open(0, 2))

    expect([first.stage, second.stage, third.stage]).toEqual([
      pool.stages[0],
      first.stage,
      first.stage,
    ])
    expect(executors.map(({ spec }) => spec)).toEqual([
      {
        file: '/0-2.onnx',
        provider: 'cpu',
        memoryBytesMax: 1_000,
        loadMsMax: 500,
        runMsMax: 1_000,
        optimise: 'disabled',
      },
    ])
  })

  it('lets nobody ask for longer runs than this device allows, nor shorten those of others', async () => {
    const { acquire, executors } = setup()
    await acquire(open(0, 1, { runMsMax: 1 }))
    await acquire(open(0, 1, { runMsMax: 3_600_000 }))
    expect(executors.map(({ spec }) => spec.runMsMax)).toEqual([1, 2_000])
  })

  it('keeps a stage warm after its last session, then stops it', async () => {
    const { acquire, executors, pool } = setup()
    const [first, second] = await Promise.all([acquire(open(0, 2)), acquire(open(0, 2))])
    first.release()
    first.release()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(pool.stages.length).toBe(1)

    second.release()
    await vi.advanceTimersByTimeAsync(59_999)
    const again = await acquire(open(0, 2))
    await vi.advanceTimersByTimeAsync(120_000)
    expect([pool.stages.length, executors.length]).toEqual([1, 1])

    again.release()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([pool.stages, executors.map(({ stopped }) => stopped)]).toEqual([[], [true]])
  })

  it('stops the longest idle stages, and no more than needed, when another needs the room', async () => {
    const { acquire, executors } = setup()
    const leases = [await acquire(open(0, 1)), await acquire(open(1, 2)), await acquire(open(2, 3))]
    leases[1]?.release()
    leases[0]?.release()
    await acquire(open(3, 5))
    expect(executors.map(({ spec, stopped }) => [spec.file, stopped])).toEqual([
      ['/0-1.onnx', false],
      ['/1-2.onnx', true],
      ['/2-3.onnx', false],
      ['/3-5.onnx', false],
    ])
  })

  it('refuses a stage that does not fit beside those in use', async () => {
    const { acquire, pool } = setup()
    await acquire(open(0, 2))
    await expect(acquire(open(2, 5))).rejects.toMatchObject({ code: 'INFERENCE_MEMORY' })
    expect(pool.stages.length).toBe(1)
  })

  it('counts what is being loaded when it looks for room', async () => {
    const { acquire } = setup()
    const results = await Promise.allSettled([acquire(open(0, 3)), acquire(open(3, 6))])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it('tells its sessions when an executor ends, and loads another for the next one', async () => {
    const { acquire, executors, events, pool, clock } = setup()
    await acquire(open(0, 2))
    const released = await acquire(open(0, 2))
    released.release()
    executors[0]?.die()
    await settle()
    expect([events, pool.stages]).toEqual([['exit'], []])

    const next = acquire(open(0, 2))
    await settle()
    expect(executors.length).toBe(1)
    await clock.advance(100)
    await next
    expect(executors.length).toBe(2)
  })

  it('waits longer and longer for a stage that dies again and again in its self-test', async () => {
    const died: number[] = []
    const { acquire, clock } = setup({
      selfTest: () => {
        died.push(clock.monotonicMs())
        return Promise.reject(failure)
      },
    })
    for (let attempt = 0; attempt < 8; attempt++) {
      const refused = acquire(open(0, 2)).catch((error: unknown) => error)
      await clock.advance(attempt === 0 ? 0 : Math.min(5_000, 100 * 2 ** (attempt - 1)))
      expect(await refused).toBe(failure)
    }
    expect(died).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300])
  })

  it.each(['prepare', 'load', 'selfTest', 'provider'] as const)(
    'leaves nothing behind when %s fails',
    async (part) => {
      const { acquire, executors, pool } = setup({
        [part]: () => Promise.reject(new Error('refused')),
      })
      await expect(acquire(open(0, 2))).rejects.toThrow('refused')
      expect(pool.stages).toEqual([])
      expect(executors.every(({ stopped }) => stopped)).toBe(true)
      await vi.advanceTimersByTimeAsync(120_000)
    },
  )

  it('tells every session that waits how far the tensors are', async () => {
    const gate = Promise.withResolvers<void>()
    const { acquire, events } = setup({
      prepare: async (record, _requester, { onProgress }) => {
        await gate.promise
        onProgress(1, 2)
        return preparedStage(record)
      },
    })
    const both = [acquire(open(0, 2)), acquire(open(0, 2))]
    await settle()
    gate.resolve()
    await Promise.all(both)
    expect(events).toEqual(['1/2', '1/2'])
  })

  it('stops to fetch when nobody waits any more, but not when another does', async () => {
    const signals: AbortSignal[] = []
    const { acquire, pool, executors } = setup({
      prepare: (_record, _requester, { signal }) => {
        signals.push(signal)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      },
    })
    const [first, second] = [new AbortController(), new AbortController()]
    const leases = [first, second].map(({ signal }) => acquire(open(0, 2), { signal }))
    const settled = Promise.allSettled(leases)
    await settle()
    first.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    second.abort()
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    const states = (await settled).map(({ status }) => status)
    expect([states, pool.stages, executors]).toEqual([['rejected', 'rejected'], [], []])
  })

  it('gives a stage that is doubted to nobody new before it has passed its test again', async () => {
    const test = Promise.withResolvers<void>()
    let tests = 0
    const { acquire, pool, executors } = setup({
      selfTest: async () => {
        if (tests++ > 0) await test.promise
        return PROVED
      },
    })
    const { stage } = await acquire(open(0, 2))
    pool.doubt(stage)
    pool.doubt(stage)
    const order: string[] = []
    const second = acquire(open(0, 2)).then((lease) => {
      order.push('given')
      return lease
    })
    await settle()
    order.push('passed')
    test.resolve()
    expect([(await second).stage, order, tests, executors.length]).toEqual([
      stage,
      ['passed', 'given'],
      2,
      1,
    ])
  })

  it.each([
    ['fails its test', () => Promise.reject(new RuntimeError(SPOILT))],
    ['gives other bits', async () => ({ ...PROVED, class: new Uint8Array(32).fill(1) })],
  ])('ends a stage that is doubted and %s, and loads it anew later', async (_, retest) => {
    let tests = 0
    const { acquire, pool, executors, events, clock } = setup({
      selfTest: async () => (tests++ === 1 ? retest() : PROVED),
    })
    const { stage } = await acquire(open(0, 2))
    pool.doubt(stage)
    const waiting = acquire(open(0, 2)).catch((error: unknown) => errorCode(error))
    await settle()
    expect([await waiting, executors.map(({ stopped }) => stopped), events]).toEqual([
      'RUNTIME_SELF_TEST_FAILED',
      [true],
      expect.arrayContaining(['exit']),
    ])
    const later = acquire(open(0, 2))
    await settle()
    await clock.advance(1_000)
    expect((await later).stage).not.toBe(stage)
  })

  it('stops what is in use and what is still being loaded when it stops', async () => {
    const gate = Promise.withResolvers<void>()
    const made: FakeExecutor[] = []
    const { acquire, pool, events } = setup({
      load: async (spec) => {
        const executor = new FakeExecutor(spec)
        made.push(executor)
        if (made.length > 1) await gate.promise
        return executor
      },
    })
    await acquire(open(0, 1))
    const loading = acquire(open(1, 2)).catch((error: unknown) => error)
    await settle()
    const stopped = pool.stop()
    gate.resolve()
    await stopped
    await loading
    expect([made.map((executor) => executor.stopped), pool.stages]).toEqual([[true, true], []])
    expect(events).toEqual(['exit'])
  })
})
