import { describe, expect, it } from 'vitest'
import { JOB, jobRecord } from '../../../test/fixtures/job-parts.ts'
import { MODEL } from '../../../test/fixtures/inference-mesh.ts'
import { errorRow } from '../../error-catalogue.ts'
import { problemOf } from '../../api/index.ts'
import { jobSchema } from '../../api/schemas/jobs.ts'
import { JobError } from './errors.ts'
import type { JobRecord } from './job-record.ts'

async function eventsOf(record: JobRecord): Promise<readonly unknown[]> {
  const events: unknown[] = []
  const { signal } = new AbortController()
  for await (const { event } of record.events.follow(0, signal)) events.push(event)
  return events
}

const hop = { arrivedMs: 0, heldUs: 1, queueUs: 1, computeUs: 4_000 }

describe('job record', () => {
  it('shows a fresh job as queued, with nothing measured', () => {
    expect(jobRecord(2).show()).toEqual({
      id: JOB,
      model: MODEL,
      modelName: 'doubling',
      state: 'queued',
      createdMs: 0,
      progress: { inputsDone: 0, inputsTotal: 2 },
      stages: [],
      hops: [],
      recoveries: [],
      receipts: [],
      settlements: [],
      outputs: [],
      notes: [],
    })
  })

  it('ends once, and says nothing after its end', async () => {
    const record = jobRecord(1)
    record.enter('running')
    record.enter('running')
    record.end(5, 'cancelled')
    record.end(9, 'done')
    record.enter('running')
    record.note('late')
    expect(await eventsOf(record)).toEqual([
      { type: 'state', state: 'running' },
      { type: 'state', state: 'cancelled' },
      { type: 'cancelled' },
    ])
    expect([record.state, record.show().finishedMs, record.show().totalMs]).toEqual([
      'cancelled',
      5,
      5,
    ])
  })

  it('tells why it failed', async () => {
    const record = jobRecord(1)
    const problem = problemOf(new JobError({ code: 'JOB_INTERRUPTED' }), errorRow)
    record.end(1, problem)
    expect((await eventsOf(record)).at(-1)).toEqual({ type: 'failed', error: problem })
    expect(record.show()).toMatchObject({ state: 'failed', error: problem })
  })

  it('tells its progress now and then, and always that the last output is kept', async () => {
    const record = jobRecord(4)
    const output = (input: number) => ({ input, sha256: 'ab'.repeat(32), bytes: 8 })
    for (const input of [3, 1, 0, 2]) record.noteKept(output(input), input === 0 ? 40 : 10)
    record.end(1, 'done')
    expect((await eventsOf(record)).slice(0, 3)).toEqual(
      [1, 3, 4].map((inputsDone) => ({ type: 'progress', inputsDone, inputsTotal: 4 })),
    )
    expect(record.show().outputs.map(({ input }) => input)).toEqual([0, 1, 2, 3])
  })

  it('measures inputs, what they take beyond computing, and their rate', () => {
    const record = jobRecord(3)
    for (const nowMs of [100, 150, 200]) record.noteOutput(10, [hop, hop], nowMs)
    expect(record.show()).toMatchObject({
      measuredMs: 10,
      overhead: { p50Ms: 2, p95Ms: 2 },
      measuredPerSecond: 20,
    })
  })

  it('shows what the API may show, also when the wall clock was set back', () => {
    const record = jobRecord(1)
    record.noteOutput(10, [hop], 5)
    record.end(-3_600_000, 'done')
    const view = record.show()
    expect([view.totalMs, jobSchema.parse(view)]).toEqual([0, view])
  })
})
