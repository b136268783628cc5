import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../../core/bytes.ts'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import type { Tensor } from '../../../core/tensor.ts'
import { REQUESTS_MAX } from '../../../protocols/inference/index.ts'
import {
  InferenceMesh,
  someInputs,
  type InferenceDevice,
} from '../../../test/fixtures/inference-mesh.ts'
import {
  doublingModel,
  MANIFEST,
  planOn,
  RUNNER_INIT,
  runnerParts,
} from '../../../test/fixtures/job-parts.ts'
import { MemoryStore } from '../../../test/fixtures/memory-store.ts'
import { floats } from '../../../test/fixtures/stage-executors.ts'
import { problemOf } from '../../api/index.ts'
import type { JobEvent, JobRequest, JobView } from '../../api/schemas/jobs.ts'
import { JOB_INPUTS_MAX } from '../../api/schemas/limits.ts'
import { errorRow } from '../../error-catalogue.ts'
import { PlacementError } from '../placement/errors.ts'
import { JobBook, type JobBookComponents } from './job-book.ts'

let mesh = new InferenceMesh()
let device: InferenceDevice = mesh.add()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
  device = mesh.add()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

/** A book of this device, which does all its work itself. */
function bookOf(
  more: Partial<JobBookComponents> = {},
  init: { readonly runningMax?: number; readonly keptMax?: number } = {},
) {
  const parts = runnerParts(device)
  const state = new MemoryStore()
  const logged: (readonly unknown[])[] = []
  const log = (level: string) => (event: string, facts?: unknown) => {
    logged.push([level, event, facts])
  }
  const book = new JobBook(
    {
      ...parts,
      logger: { ...SILENT_LOGGER, info: log('info'), error: log('error') },
      planner: {
        ...parts.planner,
        survey: async () => undefined,
        qualify: async () => undefined,
        plan: () => planOn([[device]], 2),
        adopt: () => undefined,
        learn: () => undefined,
      },
      state,
      resolve: async () => doublingModel(2),
      manifestRef: async () => MANIFEST,
      problemOf: (error) => problemOf(error, errorRow),
      ...more,
    },
    { ...RUNNER_INIT, runningMax: 2, keptMax: 3, ...init },
  )
  return { book, state, logged, outputs: parts.outputs }
}

function request(
  inputs: readonly (readonly Tensor[])[],
  more: Partial<JobRequest> = {},
): JobRequest {
  return {
    model: 'doubling',
    inputs,
    stages: 'auto',
    replicas: 'auto',
    wire: 'auto',
    objective: 'latency',
    provider: 'auto',
    ...more,
  }
}

const started = new AbortController().signal

/** Lets a job run to its end. */
async function ended(book: JobBook, { id }: JobView): Promise<JobView> {
  for (let turn = 0; turn < 200; turn++) {
    await mesh.pass(turn < 20 ? 0 : 20)
    const view = book.get(id)
    if (view?.finishedMs !== undefined) {
      await mesh.pass(0)
      return view
    }
  }
  throw new Error('the job did not end')
}

async function eventsOf(book: JobBook, id: string): Promise<readonly JobEvent['type'][]> {
  const types: JobEvent['type'][] = []
  for await (const { event } of book.events(id)?.follow(0, started) ?? []) types.push(event.type)
  return types
}

describe('job book', () => {
  it('runs a job, tells its events, and still knows it after a restart', async () => {
    const { book, state } = bookOf()
    const taken = await book.submit(request(someInputs(3)))
    const done = await ended(book, taken)
    const again = bookOf({ state })
    await again.book.start(started)

    expect([taken.state, done.state, done.progress.inputsDone]).toEqual(['planning', 'done', 3])
    expect((await eventsOf(book, taken.id)).at(-1)).toBe('done')
    expect(again.book.list()).toEqual([done])
    expect(await eventsOf(again.book, taken.id)).toEqual(['done'])
    expect(again.book.counts()).toEqual({ running: 0, done: 1, failed: 0 })
  })

  it('shows a job that a crash cut short as interrupted, and keeps no outputs of it', async () => {
    const { book, state } = bookOf()
    device.onLoad = () => new Promise(() => undefined)
    const { id } = await book.submit(request(someInputs(1)))
    await mesh.pass(10)
    const again = bookOf({ state })
    again.outputs.kept.set(`${id}/0`, [])
    await again.book.start(started)

    expect(again.book.get(id)).toMatchObject({
      state: 'failed',
      error: { code: 'JOB_INTERRUPTED', exit: 8 },
    })
    expect(again.outputs.kept.size).toBe(0)
    expect(await eventsOf(again.book, id)).toEqual(['failed'])
    expect(again.book.cancel(id)?.state).toBe('failed')
    await book.stop()
  })

  it('starts although entries are damaged, and drops them', async () => {
    const { book, state } = bookOf()
    const { id } = await ended(book, await book.submit(request(someInputs(1))))
    const damaged = ['', 'null', '{}', '[]', '{"id":"nonsense"}', '\u0000']
    for (const [index, text] of damaged.entries()) state.values.set(`job/${index}`, utf8(text))
    const again = bookOf({ state })
    await again.book.start(started)
    expect(again.book.list().map((job) => job.id)).toEqual([id])
    expect([...state.values.keys()]).toEqual([`job/${id}`])
  })

  it('gives no outputs of a job that is not done, nor those that are gone, nor of no job', async () => {
    const { book } = bookOf()
    const { id } = await book.submit(request(someInputs(1)))
    await expect(book.outputs(id)).rejects.toMatchObject({ code: 'JOB_NOT_DONE' })
    await ended(book, await Promise.resolve(book.get(id) as JobView))
    await expect(book.outputs(id)).rejects.toMatchObject({ code: 'JOB_OUTPUTS_GONE' })
    expect([
      await book.outputs('00'.repeat(16)),
      await book.outputs('nonsense'),
      book.events('nonsense'),
      book.cancel('nonsense'),
    ]).toEqual([undefined, undefined, undefined, undefined])
  })

  it('takes no more jobs than may run, also when they come at once', async () => {
    const { book } = bookOf()
    device.onLoad = () => new Promise(() => undefined)
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map(() => book.submit(request(someInputs(1)))),
    )
    const codes = results.map((result) =>
      result.status === 'fulfilled' ? 'taken' : (result.reason as { code: string }).code,
    )
    expect(codes).toEqual(['taken', 'taken', 'JOB_TOO_MANY', 'JOB_TOO_MANY'])
    await book.stop()
    await expect(book.submit(request(someInputs(1)))).resolves.toMatchObject({ state: 'planning' })
    await book.stop()
  })

  it('counts no job whose model is not found, whose inputs do not fit, or that was not written', async () => {
    const lost = bookOf({ resolve: () => Promise.reject(new Error('unknown')) }, { runningMax: 1 })
    await expect(lost.book.submit(request(someInputs(1)))).rejects.toThrow('unknown')
    await expect(lost.book.submit(request(someInputs(1)))).rejects.toThrow('unknown')

    const full = bookOf({}, { runningMax: 1 })
    full.state.failure = new Error('disk full')
    await expect(full.book.submit(request(someInputs(1)))).rejects.toThrow('disk full')
    expect([full.book.list(), full.book.counts().running]).toEqual([[], 0])
    full.state.failure = undefined
    const job = await full.book.submit(request(someInputs(1)))
    expect((await ended(full.book, job)).state).toBe('done')
  })

  it.each([
    [[], 'input 1: expected a tensor x, got none'],
    [floats(1, 2, 3), 'input 1: x: expected shape [2], got [3]'],
    [
      [{ name: 'x', type: 'int32', dims: [2], data: new Uint8Array(8) }] as const,
      'input 1: x: expected float32, got int32',
    ],
    [
      [{ name: 'x', type: 'float32', dims: [2], data: new Uint8Array(4) }] as const,
      'input 1: x: expected 8 bytes, got 4',
    ],
    [
      [...floats(1, 2), { name: 'y', type: 'int8', dims: [], data: new Uint8Array(1) }] as const,
      'input 1: y: the model has no such input',
    ],
  ])('says what is wrong with an input: %#', async (wrong: readonly Tensor[], message) => {
    const { book } = bookOf()
    await expect(book.submit(request([floats(1, 2), wrong]))).rejects.toMatchObject({
      code: 'JOB_INPUT_INVALID',
      message,
    })
    expect(book.list()).toEqual([])
  })

  it('cancels a job, and ends one that is late', async () => {
    const { book, logged } = bookOf()
    device.onLoad = () => new Promise(() => undefined)
    const first = await book.submit(request(someInputs(1)))
    const second = await book.submit(request(someInputs(1), { deadlineMs: 300 }))
    await mesh.pass(10)
    book.cancel(first.id)
    const cancelled = await ended(book, first)
    const late = await ended(book, second)

    expect([cancelled.state, cancelled.error]).toEqual(['cancelled', undefined])
    expect([late.state, late.error?.code]).toEqual(['failed', 'JOB_DEADLINE'])
    expect((await eventsOf(book, first.id)).at(-1)).toBe('cancelled')
    expect(logged.filter(([, event]) => event === 'job ended')).toEqual([
      [
        'info',
        'job ended',
        { job: first.id, code: 'JOB_CANCELLED', message: 'the job was cancelled' },
      ],
      [
        'info',
        'job ended',
        {
          job: second.id,
          code: 'JOB_DEADLINE',
          message: 'expected the job to be done in 300 ms, it was not',
        },
      ],
    ])
    expect(book.cancel(first.id)?.state).toBe('cancelled')
  })

  it('cancels a job that is still being planned', async () => {
    const planned = Promise.withResolvers<typeof MANIFEST>()
    const { book } = bookOf({ manifestRef: () => planned.promise })
    const job = await book.submit(request(someInputs(1)))
    await mesh.pass(0)
    book.cancel(job.id)
    planned.resolve(MANIFEST)
    expect((await ended(book, job)).state).toBe('cancelled')
    expect(device.host.stages).toEqual([])
  })

  it('fails a job for which there is no place', async () => {
    const refusal = new PlacementError({ code: 'PLACEMENT_NO_PEER', notChosen: [] })
    const { book } = bookOf({
      planner: {
        survey: async () => undefined,
        qualify: async () => undefined,
        plan: () => {
          throw refusal
        },
        replacement: () => undefined,
        noteLost: () => undefined,
        forgive: () => undefined,
        adopt: () => undefined,
        learn: () => undefined,
      },
    })
    const view = await ended(book, await book.submit(request(someInputs(1))))
    expect([view.state, view.error?.code]).toEqual(['failed', 'PLACEMENT_NO_PEER'])
  })

  it('tells by its own code what only we can have got wrong', async () => {
    const { book, logged } = bookOf({ manifestRef: () => Promise.reject(new TypeError('oops')) })
    const view = await ended(book, await book.submit(request(someInputs(1))))
    expect([view.error?.code, logged.at(-1)?.slice(0, 2)]).toEqual([
      'API_INTERNAL',
      ['error', 'job failed'],
    ])
  })

  it('survives a disk that is full when a job ends', async () => {
    const { book, state, logged } = bookOf()
    device.onLoad = () => {
      state.failure = new Error('disk full')
    }
    const view = await ended(book, await book.submit(request(someInputs(1))))
    expect([view.state, logged.at(-1)?.slice(0, 2)]).toEqual([
      'done',
      ['error', 'job not written down'],
    ])
  })

  it('keeps the outputs of no more ended jobs than it may, and none of failed ones', async () => {
    const { book, state, outputs } = bookOf()
    const ids: string[] = []
    for (let job = 0; job < 5; job++) {
      const view = await ended(book, await book.submit(request(someInputs(1))))
      ids.push(view.id)
      await mesh.pass(1)
    }
    expect(book.list().map(({ id }) => id)).toEqual(ids.slice(2).toReversed())
    expect([...outputs.kept.keys()]).toEqual(ids.slice(2).map((id) => `${id}/0`))
    expect(state.values.size).toBe(3)
  })

  it('holds no job that a session could not: inputs are fewer than requests', () => {
    expect(JOB_INPUTS_MAX).toBeLessThanOrEqual(REQUESTS_MAX)
  })
})
