import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { ApiServer } from '../../node/api/server.ts'
import { errorRow } from '../../node/error-catalogue.ts'
import { FakeBackend, job, JOB, output, plan, summary, text } from '../../test/fixtures/backend.ts'
import { DaemonClient } from './client.ts'
import { DemoError } from './errors.ts'

const signal = new AbortController().signal
const backend = new FakeBackend()
let stateDir: string
let server: ApiServer
let client: DaemonClient

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'brume-demo-client-'))
  server = new ApiServer(
    { backend, logger: SILENT_LOGGER, errorRow },
    { host: '127.0.0.1', port: 0, stateDir, version: '0.1.0', jobBodyBytesMax: 1_048_576 },
  )
  await server.start(signal)
  client = await DaemonClient.fromAddress({ url: server.url, keyFile: server.keyFile }, signal)
})

afterAll(async () => {
  await server.stop()
  await rm(stateDir, { recursive: true })
})

describe('a client of a daemon', () => {
  it('imports a model and tells how far it is', async () => {
    const steps: string[] = []
    const model = await client.importModel({ file: '/model.onnx' }, ({ step, done, total }) => {
      steps.push(`${step} ${done}/${total}`)
    })
    expect([model, steps]).toEqual([summary, ['weights 2048/4096']])
  })

  it('sends tensors and gets the same bytes that the daemon has', async () => {
    const submitted = await client.submit({ model: 'tiny', inputs: [[output]], wire: 'f32' })
    expect(submitted.id).toBe(JOB)
    expect(backend.submitted[0]?.inputs).toEqual([[output]])
    expect(await client.outputs(JOB)).toEqual([[output]])
  })

  it('follows a job to its end', async () => {
    const types: string[] = []
    for await (const event of client.jobEvents(JOB)) types.push(event.type)
    expect(types).toEqual(['state', 'plan', 'stage', 'progress', 'done'])
  })

  it('asks for a text and follows it to its end', async () => {
    const { id } = await client.write({ model: 'tiny', prompt: 'Hi' })
    const words: string[] = []
    for await (const event of client.textEvents(id)) {
      if (event.type === 'tokens') words.push(event.text)
    }
    expect([words.join(''), await client.text(id)]).toEqual(['Hello there!', text])
  })

  it('reads plans and jobs', async () => {
    const asked = { model: 'tiny', objective: 'latency', provider: 'auto' } as const
    const { stages, replicas, wire } = { stages: 2, replicas: 1, wire: 'auto' } as const
    expect(await client.plan({ ...asked, stages, replicas, wire })).toEqual(plan)
    expect(await client.job(JOB)).toEqual(job)
  })

  it('throws what the daemon says went wrong', async () => {
    const refused = await client.job('unknown').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DemoError)
    expect((refused as DemoError).failure).toMatchObject({
      code: 'DEMO_REQUEST_FAILED',
      cause: 'API_JOB_UNKNOWN',
    })
  })

  it('says so when nobody answers', async () => {
    const url = 'http://127.0.0.1:9'
    const lost = new DaemonClient({ url, keyFile: server.keyFile }, 'key', signal)
    await expect(lost.status()).rejects.toMatchObject({
      failure: { code: 'DEMO_DAEMON_UNREACHABLE', url },
    })
  })

  it('throws the reason of its signal once that aborts', async () => {
    const stopped = new DaemonClient(client.address, 'key', AbortSignal.abort(new Error('stop')))
    await expect(stopped.status()).rejects.toThrow('stop')
  })
})
