import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../../core/ids.ts'
import { jobRecord, MANIFEST, planOn, RUNNER_INIT } from '../../../test/fixtures/job-parts.ts'
import { floats } from '../../../test/fixtures/stage-executors.ts'
import { sessionInit } from './session-init.ts'

const session = '00'.repeat(16) as SessionId
const planned = planOn([[]], 2)
const work = {
  record: jobRecord(1),
  planned,
  manifest: MANIFEST,
  provider: 'auto',
  objective: 'latency',
  inputs: [floats(1, 2)],
} as const

describe('session init', () => {
  it('says what outputs the model gives, so that others are refused', () => {
    const { outputs } = sessionInit(session, { stages: [], wires: [] }, work, RUNNER_INIT)
    expect(outputs).toBe(planned.model.manifest.outputs)
  })

  it.each([
    [8, 4],
    [40_000_000, 3],
    [200_000_000, 1],
    [0, 4],
  ])('has as many inputs in flight as a device takes: cuts of %i bytes, %i', (cutBytes, count) => {
    const peer = MANIFEST.id as never
    const stage = { peer, fromLayer: 0, toLayer: 2, cutBytes } as never
    const inputs = cutBytes === 0 ? [[]] : work.inputs
    const pipeline = { stages: [stage], wires: [] }
    const { open } = sessionInit(session, pipeline, { ...work, inputs }, RUNNER_INIT)
    expect(open.inFlightMax).toBe(count)
  })
})
