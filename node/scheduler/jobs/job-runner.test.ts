import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  InferenceMesh,
  someInputs,
  type InferenceDevice,
} from '../../../test/fixtures/inference-mesh.ts'
import {
  JOB,
  jobRecord,
  MANIFEST,
  planOn,
  RUNNER_INIT,
  runnerParts,
} from '../../../test/fixtures/job-parts.ts'
import { StorageError } from '../../storage/errors.ts'
import { RuntimeError } from '../../runtime/errors.ts'
import { JobError } from './errors.ts'
import { JobRunner } from './job-runner.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

interface JobWish {
  readonly requester: InferenceDevice
  readonly replicas: readonly (readonly InferenceDevice[])[]
  readonly inputs: number
  readonly spares?: readonly InferenceDevice[]
}

/** Runs a job of two layers; `meanwhile` is called as time passes. */
async function run(wish: JobWish, more: Parameters<typeof start>[1] = {}) {
  const job = start(wish, more)
  for (let turn = 0; turn < 500 && job.result === undefined; turn++) {
    await mesh.pass(turn < 20 ? 0 : 20)
    await more.meanwhile?.(turn, job.abort)
  }
  expect(job.result).not.toBe(undefined)
  return job
}

function start(
  { requester, replicas, inputs, spares }: JobWish,
  more: {
    readonly meanwhile?: (turn: number, abort: AbortController) => void | Promise<void>
    readonly onPut?: (count: number) => void
    readonly failPut?: Error
  },
) {
  const parts = runnerParts(requester, spares)
  parts.outputs.failure = more.failPut
  const record = jobRecord(inputs)
  const abort = new AbortController()
  const work = {
    record,
    planned: planOn(replicas, 2),
    manifest: MANIFEST,
    provider: 'auto',
    objective: 'latency',
    inputs: someInputs(inputs),
  } as const
  const runner = new JobRunner(parts, RUNNER_INIT, work)
  const job = {
    record,
    parts,
    abort,
    result: undefined as unknown,
    get outputs() {
      return new Map(parts.outputs.kept)
    },
  }
  void runner.run(abort.signal).then(
    () => {
      job.result = 'done'
    },
    (error: unknown) => {
      job.result = error
    },
  )
  return job
}

const { fround } = Math

/** What is kept of `count` inputs. */
function expected(count: number): Map<string, readonly number[]> {
  const twice = (value: number) => fround(2 * fround(2 * value + 1) + 1)
  return new Map(
    Array.from({ length: count }, (_, index) => [
      `${JOB}/${index}`,
      [fround(index + 0.1), -index].map(twice),
    ]),
  )
}

const sorted = (map: ReadonlyMap<string, readonly number[]>) =>
  new Map([...map].toSorted(([a], [b]) => Number(a.split('/')[1]) - Number(b.split('/')[1])))

describe('job runner', () => {
  it('keeps every output under its input, and says what it saw', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    const { outputs, record, result } = await run({ requester, replicas: [[a, b]], inputs: 9 })
    const view = record.show()

    expect([result, sorted(outputs)]).toEqual(['done', expected(9)])
    expect(view.outputs.map(({ input, bytes }) => [input, bytes])).toEqual(
      Array.from({ length: 9 }, (_, input) => [input, 8]),
    )
    expect(view.stages.map(({ peer, steps, state }) => [peer, steps, state])).toEqual([
      [a.peer, 9, 'closed'],
      [b.peer, 9, 'closed'],
    ])
    expect(new Map(view.receipts.map(({ stage, peer }) => [stage, peer]))).toEqual(
      new Map([
        [0, a.peer],
        [1, b.peer],
      ]),
    )
    expect([view.notes, view.recoveries]).toEqual([['it is so'], []])
  })

  it('shares the inputs among its replicas', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    const { outputs, record } = await run({ requester, replicas: [[a], [b]], inputs: 21 })
    const steps = record.show().stages.map((stage) => stage.steps)

    expect(sorted(outputs)).toEqual(expected(21))
    expect(steps.reduce((sum, count) => sum + count, 0)).toBe(21)
    expect(Math.min(...steps)).toBeGreaterThan(4)
  })

  it('gives the inputs of a lost replica to the others', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    let runs = 0
    a.onLoad = (executor) => {
      executor.beforeRun = () => {
        if (++runs === 3) mesh.hub.kill(a.peer)
      }
    }
    const { outputs, record, result } = await run({ requester, replicas: [[a], [b]], inputs: 20 })

    expect([result, sorted(outputs)]).toEqual(['done', expected(20)])
    expect(record.show().notes.at(1)).toBe(
      'replica 0 is lost (INFERENCE_NO_REPLACEMENT); the others take its inputs',
    )
  })

  it('goes on with the others when a replica cannot be opened', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    a.onLoad = () => Promise.reject(new Error('no'))
    const { outputs, result } = await run({ requester, replicas: [[a], [b]], inputs: 5 })
    expect([result, sorted(outputs)]).toEqual(['done', expected(5)])
  })

  it('fails with the reason when no replica can be opened', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    for (const broken of [a, b]) broken.onLoad = () => Promise.reject(new Error('no'))
    const { result } = await run({ requester, replicas: [[a], [b]], inputs: 5 })
    expect(result).toMatchObject({ failure: { code: 'INFERENCE_LOAD_FAILED', stage: 0 } })
  })

  it('does not fail for a replica that is lost when nothing of it is missing', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    const slow = Promise.withResolvers<void>()
    a.onLoad = (executor) => {
      executor.beforeRun = () => slow.promise
    }
    const { outputs, record, result } = await run(
      { requester, replicas: [[a], [b]], inputs: 5 },
      {
        meanwhile: (turn) => {
          if (turn === 30) mesh.hub.kill(b.peer)
          if (turn === 40) slow.resolve()
        },
      },
    )
    expect([result, sorted(outputs)]).toEqual(['done', expected(5)])
    expect(record.show().notes).toContain(
      'replica 1 is lost (INFERENCE_NO_REPLACEMENT); nothing of it is missing',
    )
  })

  it('names the input on which the model fails, and does not burn its other replicas', async () => {
    const [requester, a, b, spare] = [mesh.add(), mesh.add(), mesh.add(), mesh.add()]
    for (const device of [a, spare]) {
      device.onLoad = (executor) => {
        executor.beforeRun = () => {
          throw new RuntimeError({ code: 'RUNTIME_RUN_FAILED', detail: 'no' })
        }
      }
    }
    const { result, record } = await run({
      requester,
      replicas: [[a], [b]],
      inputs: 30,
      spares: [spare],
    })
    expect(result).toMatchObject({ failure: { code: 'INFERENCE_RUN_FAILED', request: 0 } })
    expect(record.show().recoveries.map(({ replica }) => replica)).toEqual([0])
  })

  it('fails when an output cannot be kept', async () => {
    const [requester, a] = [mesh.add(), mesh.add()]
    const failPut = new StorageError({ code: 'STATE_DISK_FULL', path: '/jobs' })
    const { result } = await run({ requester, replicas: [[a]], inputs: 3 }, { failPut })
    expect(result).toBe(failPut)
    await mesh.pass(10)
    expect(a.host.stages).toEqual([])
  })

  it('ends with the reason of its signal, and its stages with it', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    b.onLoad = () => new Promise(() => undefined)
    const reason = new JobError({ code: 'JOB_CANCELLED' })
    const { result, record } = await run(
      { requester, replicas: [[a, b]], inputs: 3 },
      { meanwhile: (turn, abort) => (turn === 25 ? abort.abort(reason) : undefined) },
    )
    await mesh.pass(10)
    expect([result, a.host.stages, b.host.stages]).toEqual([reason, [], []])
    expect(record.state).toBe('loading')
  })

  it('does nothing when its signal aborted before it began', async () => {
    const [requester, a] = [mesh.add(), mesh.add()]
    const parts = runnerParts(requester)
    const reason = new JobError({ code: 'JOB_DEADLINE', deadlineMs: 1 })
    const runner = new JobRunner(parts, RUNNER_INIT, {
      record: jobRecord(1),
      planned: planOn([[a]], 2),
      manifest: MANIFEST,
      provider: 'auto',
      objective: 'latency',
      inputs: someInputs(1),
    })
    await expect(runner.run(AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(a.host.stages).toEqual([])
  })

  it('notes a receipt that its device did not sign', async () => {
    const [requester, a, b] = [mesh.add(), mesh.add(), mesh.add()]
    vi.spyOn(b.signer, 'sign').mockReturnValue(new Uint8Array(64))
    const { record, result } = await run({ requester, replicas: [[a, b]], inputs: 2 })
    expect([result, record.show().notes]).toEqual([
      'done',
      [
        'it is so',
        'the receipt of stage 1 is not what its device should sign',
        'replica 0: the receipt of stage 1 is missing',
      ],
    ])
  })
})
