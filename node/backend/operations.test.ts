import { expect, it } from 'vitest'
import { JobError } from '../scheduler/jobs/errors.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { summary } from '../../test/fixtures/backend.ts'
import { problemOf } from '../api/index.ts'
import { errorRow } from '../error-catalogue.ts'
import { Operations } from './operations.ts'

const setup = () =>
  new Operations({
    clock: new ManualClock(1_000),
    problemOf: (error) => problemOf(error, errorRow),
  })

/** All events of an operation, to its end. */
async function eventsOf(operations: Operations, id: string): Promise<readonly unknown[]> {
  const events: unknown[] = []
  const { signal } = new AbortController()
  for await (const { event } of operations.events(id)?.follow(0, signal) ?? []) events.push(event)
  return events
}

it('tells how far an operation is, and what came of it', async () => {
  const operations = setup()
  const gate = Promise.withResolvers<void>()
  const { operation } = operations.begin('import', async ({ progress }) => {
    progress({ step: 'copy', done: 1, total: 2, unit: 'bytes' })
    await gate.promise
    return summary
  })
  expect(operations.view(operation)).toEqual({
    id: operation,
    kind: 'import',
    state: 'running',
    createdMs: 1_000,
    progress: { step: 'copy', done: 1, total: 2, unit: 'bytes' },
  })
  gate.resolve()
  expect(await eventsOf(operations, operation)).toEqual([
    { type: 'progress', step: 'copy', done: 1, total: 2, unit: 'bytes' },
    { type: 'done', result: summary },
  ])
  expect(operations.view(operation)).toMatchObject({ state: 'done', model: summary.id })
})

it('tells why an operation failed, also when it fails at once', async () => {
  const operations = setup()
  const { operation } = operations.begin('verify', () => {
    throw new JobError({ code: 'JOB_OUTPUTS_GONE' })
  })
  expect(await eventsOf(operations, operation)).toMatchObject([
    { type: 'failed', error: { code: 'JOB_OUTPUTS_GONE' } },
  ])
  expect(operations.view(operation)).toMatchObject({
    state: 'failed',
    error: { code: 'JOB_OUTPUTS_GONE' },
  })
})

it('cancels an operation, whatever error its work then ends with, and waits for all at its stop', async () => {
  const operations = setup()
  const begin = () =>
    operations.begin(
      'pull',
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('closed')))
        }),
    ).operation
  const [first, second] = [begin(), begin()]
  expect(operations.cancel(first)).toMatchObject({ state: 'running' })
  expect(await eventsOf(operations, first)).toEqual([{ type: 'cancelled' }])
  expect(operations.view(second)).toMatchObject({ state: 'running' })
  await operations.stop()
  expect(operations.view(second)).toMatchObject({ state: 'cancelled' })
  expect(operations.cancel('nonsense')).toBe(undefined)
})

it('remembers what runs, and of what ended only the latest', async () => {
  const operations = setup()
  const running = operations.begin('pull', () => new Promise(() => undefined)).operation
  const ended: string[] = []
  for (let index = 0; index < 150; index++) {
    ended.push(operations.begin('verify', async () => undefined).operation)
    await settle()
  }
  const known = [running, ...ended].filter((id) => operations.view(id) !== undefined)
  expect(known).toEqual([running, ...ended.slice(-99)])
})
