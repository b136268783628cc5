import { describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { FakeBackend, JOB, MODEL, OPERATION, PEER, TASK } from '../../test/fixtures/backend.ts'
import { createApp } from './app.ts'
import type { Backend } from './backend.ts'
import { API_ERRORS, ApiError } from './errors.ts'
import { EventLog } from './event-log.ts'
import { openApiPath } from './openapi.ts'
import type { Method, Route } from './route.ts'
import { OPENAPI_PATH, ROUTES } from './routes.ts'
import type { JobEvent } from './schemas/jobs.ts'
import { openAiErrorSchema } from './schemas/openai.ts'
import { problemSchema } from './schemas/problem.ts'

const KEY = 'brumek_test'
const HEADERS = { host: '127.0.0.1:7433', authorization: `Bearer ${KEY}` }

/** An application over `backend`. */
function appOver(backend: Backend, heartbeatMs = 60_000) {
  const errorRow = (code: string) => API_ERRORS[code as keyof typeof API_ERRORS]
  return createApp(
    { backend, logger: SILENT_LOGGER, errorRow },
    { key: KEY, version: '0.1.0', jobBodyBytesMax: 1_048_576, heartbeatMs },
  )
}

/** One request with a valid key, unless `headers` say otherwise. */
function ask(
  request: { method?: Method; url: string; body?: object | string; headers?: object },
  backend: Backend = new FakeBackend(),
) {
  const { method = 'GET', url, body, headers = {} } = request
  return appOver(backend).inject({
    method,
    url,
    headers: { ...HEADERS, ...headers },
    ...(body === undefined ? {} : { body }),
  })
}

/** A body for each route that takes one. */
const BODIES: Readonly<Record<string, object>> = {
  '/v1/mesh': { name: 'home' },
  '/v1/attestations': { peer: PEER },
  '/v1/attestations/handovers': { peer: PEER },
  '/v1/attestations/handovers/accept': { handover: 'AAAA' },
  '/v1/attestations/epochs': { epoch: MODEL },
  '/v1/attestations/revocations': { peer: PEER },
  '/v1/attestations/collateral': { content: 'AAAA' },
  '/v1/harvest/wish': { mode: 'pause', forMs: 60_000 },
  '/v1/mesh/invites': {},
  '/v1/mesh/join': { code: 'brume1-code' },
  '/v1/models/import': { file: '/models/tiny.onnx', dims: { H: 320 } },
  '/v1/models/pull': { source: 'hf:owner/tiny/model.gguf@main', quantisation: 'q8' },
  '/v1/models/build': { kind: 'mlp' },
  '/v1/plan': { model: 'tiny' },
  '/v1/ledger/notes': { text: 'a new disk' },
  '/v1/ledger/audits': { peer: PEER },
  '/v1/trust/parameters': { epochMs: 60_000 },
  '/v1/trust/owner': { action: 'join', peer: PEER },
  '/v1/trust/restart': { header: 'c4'.repeat(32) },
  '/v1/texts': { model: 'tiny', prompt: 'hello' },
  '/v1/chat/completions': { model: 'tiny', messages: [{ role: 'user', content: 'hello' }] },
  '/v1/completions': { model: 'tiny', prompt: 'hello' },
  '/v1/embeddings': { model: 'tiny', input: 'hello' },
  '/v1/jobs': { model: 'tiny', inputs: [{ x: { type: 'uint8', dims: [2], data: 'AQI=' } }] },
}

/** A request that the route answers with success. */
function goodRequest({ method, path, body }: Route) {
  const ids = { jobs: JOB, texts: JOB, operations: OPERATION }
  const id = Object.entries(ids).find(([name]) => path.includes(name))?.[1] ?? MODEL
  const url = path.replace(':id', id).replace(':task', TASK)
  return { method, url, ...(body === undefined ? {} : { body: BODIES[path] ?? {} }) }
}

describe('every route', () => {
  for (const route of ROUTES) {
    const name = `${route.method} ${route.path}`

    it(`${name} answers in the form that it declares`, async () => {
      const reply = await ask(goodRequest(route))

      if (route.type === 'events') {
        expect(reply.statusCode).toBe(200)
        const data = [...reply.body.matchAll(/^data: (.*)$/gm)].map((m) => JSON.parse(m[1] ?? ''))
        expect(data.length).toBeGreaterThan(0)
        for (const event of data) expect(route.event.safeParse(event).error).toBeUndefined()
      } else if (route.type === 'file') {
        expect(reply.statusCode).toBe(200)
        expect(reply.headers['content-type']).toBe(route.mediaType)
        expect(reply.body).not.toBe('')
      } else {
        expect(reply.statusCode).toBe(route.type === 'answer' ? route.status : 200)
        const answer = reply.body === '' ? undefined : reply.json()
        expect(route.answer?.safeParse(answer).error).toBeUndefined()
      }
    })

    it(`${name} refuses a request without the key`, async () => {
      const reply = await ask({ ...goodRequest(route), headers: { authorization: 'Bearer x' } })

      expect(reply.statusCode).toBe(401)
      const { openAiErrors } = route
      const json = openAiErrors === 'instead' ? 'application/json' : 'application/problem+json'
      expect(reply.headers['content-type']).toBe(json)
      const codes = [
        ...(openAiErrors === 'instead' ? [] : [problemSchema.parse(reply.json()).code]),
        ...(openAiErrors === undefined ? [] : [openAiErrorSchema.parse(reply.json()).error.code]),
      ]
      expect(new Set(codes)).toEqual(new Set(['API_UNAUTHORISED']))
    })

    it(`${name} is in the OpenAPI document`, async () => {
      const document = (await ask({ url: OPENAPI_PATH })).json()

      const operation = document.paths[openApiPath(route.path)][route.method.toLowerCase()]
      expect(operation.summary).toBe(route.summary)
    })
  }

  it('has an operation id of its own', async () => {
    const { paths } = (await ask({ url: OPENAPI_PATH })).json<{
      paths: Record<string, Record<string, { operationId: string }>>
    }>()
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map((operation) => operation.operationId),
    )

    expect(new Set(ids).size).toBe(ROUTES.length)
  })
})

describe('guard', () => {
  it('refuses a host name that a web page could own', async () => {
    const codes = []
    for (const host of ['evil.example', 'localhost.evil.example:7433', '127.0.0.1.evil:7433']) {
      const reply = await ask({ url: '/v1/status', headers: { host } })
      codes.push(reply.json().code)
    }

    expect(codes).toEqual(['API_HOST_REFUSED', 'API_HOST_REFUSED', 'API_HOST_REFUSED'])
  })

  it('takes numbers and localhost, with and without a port', async () => {
    const statuses = []
    for (const host of ['127.0.0.1', 'localhost:7433', '[::1]:7433']) {
      statuses.push((await ask({ url: '/v1/status', headers: { host } })).statusCode)
    }

    expect(statuses).toEqual([200, 200, 200])
  })

  it('says nothing about routes to strangers', async () => {
    const reply = await ask({ url: '/v1/nothing', headers: { authorization: '' } })

    expect(reply.statusCode).toBe(401)
    expect(reply.headers['www-authenticate']).toBe('Bearer')
  })
})

describe('problems', () => {
  it('carry what every face shows', async () => {
    const reply = await ask({ method: 'DELETE', url: '/v1/models/other' })

    expect(reply.statusCode).toBe(404)
    expect(reply.json()).toEqual({
      type: 'about:blank#API_MODEL_UNKNOWN',
      title: 'no model has this id or name',
      status: 404,
      detail: 'no model other',
      code: 'API_MODEL_UNKNOWN',
      hint: '`brume model list` shows the models of this device, `brume model import FILE` adds one',
      retryable: false,
      component: 'api',
      exit: 5,
      details: { model: 'other' },
    })
  })

  it.each([
    ['GET', '/v1/jobs/other', 'API_JOB_UNKNOWN'],
    ['GET', '/v1/jobs/other/events', 'API_JOB_UNKNOWN'],
    ['GET', '/v1/texts/other', 'API_TEXT_UNKNOWN'],
    ['GET', '/v1/operations/other/events', 'API_OPERATION_UNKNOWN'],
    ['GET', '/v1/nothing', 'API_ROUTE_UNKNOWN'],
    ['GET', '/v1/models/%E0', 'API_REQUEST_INVALID'],
    ['DELETE', '/v1/status', 'API_ROUTE_UNKNOWN'],
  ] as const)('%s %s is %s', async (method, url, code) => {
    expect((await ask({ method, url })).json().code).toBe(code)
  })

  it('keeps the text of an unexpected error to itself', async () => {
    const backend = Object.assign(new FakeBackend(), {
      status: () => Promise.reject(new Error('secret path /home/a')),
    })

    const reply = await ask({ url: '/v1/status' }, backend)

    expect(reply.statusCode).toBe(500)
    expect(reply.json().code).toBe('API_INTERNAL')
    expect(reply.body).not.toContain('secret')
  })

  it('passes on the code of a failure of another room', async () => {
    const backend = Object.assign(new FakeBackend(), {
      plan: () => Promise.reject(new ApiError({ code: 'API_STOPPING' })),
    })

    const reply = await ask({ method: 'POST', url: '/v1/plan', body: { model: 'tiny' } }, backend)

    expect([reply.statusCode, reply.json().retryable]).toEqual([503, true])
  })
})

describe('requests', () => {
  const input = { x: { type: 'float32', dims: [1, 2], data: 'AACAPwAAAEA=' } }

  it('hands tensors and defaults to the daemon', async () => {
    const backend = new FakeBackend()

    await ask(
      { method: 'POST', url: '/v1/jobs', body: { model: 'tiny', inputs: [input] } },
      backend,
    )

    const data = new Uint8Array(Float32Array.of(1, 2).buffer)
    expect(backend.submitted).toEqual([
      {
        model: 'tiny',
        inputs: [[{ name: 'x', type: 'float32', dims: [1, 2], data }]],
        stages: 'auto',
        replicas: 'auto',
        wire: 'auto',
        objective: 'latency',
        provider: 'auto',
      },
    ])
  })

  it.each([
    ['no model', { inputs: [input] }, 'body.model'],
    ['no input', { model: 'tiny', inputs: [] }, 'body.inputs'],
    ['too many stages', { model: 'tiny', inputs: [input], stages: 9 }, 'body.stages'],
    ['an unknown field', { model: 'tiny', inputs: [input], stage: 2 }, 'body'],
    [
      'a wrong type',
      { model: 'tiny', inputs: [{ x: { ...input.x, type: 'text' } }] },
      'body.inputs.0.x.type',
    ],
    ['too few bytes', { model: 'tiny', inputs: [{ x: { ...input.x, dims: [3] } }] }, 'inputs.0'],
    [
      'no base64',
      { model: 'tiny', inputs: [{ x: { ...input.x, data: '!!!!!!!!!!!!' } }] },
      'inputs.0',
    ],
    ['huge dims', { model: 'tiny', inputs: [{ x: { ...input.x, dims: [2e9, 2e9] } }] }, 'inputs.0'],
    ['text', '"tiny"', 'body'],
  ])('refuses a job with %s, and says where', async (_, body, at) => {
    const headers = { 'content-type': 'application/json' }
    const reply = await ask({ method: 'POST', url: '/v1/jobs', body, headers })

    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({ code: 'API_REQUEST_INVALID', details: { at } })
  })

  it.each([
    ['broken JSON', '{', 'application/json', 'API_REQUEST_INVALID'],
    ['a poisoned prototype', '{"__proto__":{"a":1}}', 'application/json', 'API_REQUEST_INVALID'],
    ['an empty body', '', 'application/json', 'API_REQUEST_INVALID'],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 'API_MEDIA_TYPE_UNSUPPORTED'],
    ['plain text', 'a', 'text/plain', 'API_MEDIA_TYPE_UNSUPPORTED'],
  ])('refuses %s', async (_, body, type, code) => {
    const headers = { 'content-type': type }
    const reply = await ask({ method: 'POST', url: '/v1/plan', body, headers })

    expect(reply.json().code).toBe(code)
  })

  it('takes large bodies for jobs only, up to the limit', async () => {
    const large = (bytes: number) => ({ model: 'tiny', padding: 'x'.repeat(bytes) })
    const post = async (url: string, bytes: number) =>
      (await ask({ method: 'POST', url, body: large(bytes) })).json().code

    expect(await post('/v1/plan', 300_000)).toBe('API_BODY_TOO_LARGE')
    expect(await post('/v1/jobs', 300_000)).toBe('API_REQUEST_INVALID')
    expect(await post('/v1/jobs', 1_100_000)).toBe('API_BODY_TOO_LARGE')
  })

  it('reads queries', async () => {
    expect((await ask({ url: '/v1/peers?class=mem:8g' })).statusCode).toBe(200)
    expect((await ask({ url: '/v1/peers?klass=mem:8g' })).statusCode).toBe(400)
    expect((await ask({ url: '/v1/device?refresh=perhaps' })).statusCode).toBe(400)
  })
})

describe('outputs', () => {
  it('are JSON with base64 by default', async () => {
    expect((await ask({ url: `/v1/jobs/${JOB}/outputs` })).json()).toEqual({
      id: JOB,
      outputs: [{ y: { type: 'float32', dims: [1, 2], data: 'AACAPwAAAEA=' } }],
    })
  })

  it('are canonical CBOR for those who ask', async () => {
    const headers = { accept: 'application/cbor' }
    const reply = await ask({ url: `/v1/jobs/${JOB}/outputs`, headers })

    expect(reply.headers['content-type']).toBe('application/cbor')
    expect(reply.rawPayload.toString('hex')).toBe(
      '8181846179' +
        '67' +
        Buffer.from('float32').toString('hex') +
        '820102' +
        '480000803f00000040',
    )
  })
})

describe('event streams', () => {
  /** Events in the text of a stream, as `id type`. */
  const eventsOf = (text: string) =>
    [...text.matchAll(/^id: (\d+)\nevent: (\w+)$/gm)].map((m) => `${m[1]} ${m[2]}`)

  it('tell the whole story and end', async () => {
    const reply = await ask({ url: `/v1/jobs/${JOB}/events` })

    expect(reply.headers['content-type']).toBe('text/event-stream')
    expect(eventsOf(reply.body)).toEqual(['1 state', '2 plan', '3 stage', '4 progress', '5 done'])
  })

  it('go on where a client was cut off', async () => {
    const headers = { 'last-event-id': '3' }
    const reply = await ask({ url: `/v1/jobs/${JOB}/events`, headers })

    expect(eventsOf(reply.body)).toEqual(['4 progress', '5 done'])
  })

  it('send signs of life, and end when the API closes', async () => {
    const log = new EventLog<JobEvent>()
    log.append({ type: 'state', state: 'running' })
    const backend = Object.assign(new FakeBackend(), { jobEvents: () => log })
    const app = appOver(backend, 5)
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as { port: number }

    const reply = await fetch(`http://127.0.0.1:${port}/v1/jobs/${JOB}/events`, {
      headers: { authorization: `Bearer ${KEY}` },
    })
    const reader = (reply.body ?? new ReadableStream()).getReader()
    let text = ''
    const readUntil = async (wanted: string): Promise<void> => {
      while (!text.includes(wanted)) {
        const { done, value } = await reader.read()
        if (done) break
        text += Buffer.from(value).toString()
      }
    }
    await readUntil(': alive')
    log.append({ type: 'state', state: 'done' })
    await readUntil('id: 2')
    await app.close()

    expect(eventsOf(text)).toEqual(['1 state', '2 state'])
    await readUntil('never')
    expect((await reader.read()).done).toBe(true)
  })
})

describe('event log', () => {
  it('gives late readers what it still has', async () => {
    const log = new EventLog<number>(2)
    for (const event of [1, 2, 3]) log.append(event)
    log.end()
    log.append(4)

    const seen = await Array.fromAsync(log.follow(0, new AbortController().signal))

    expect(seen).toEqual([
      { id: 2, event: 2 },
      { id: 3, event: 3 },
    ])
  })

  it('wakes every reader, and lets one go without the others', async () => {
    const log = new EventLog<string>()
    const leaving = new AbortController()
    const staying = Array.fromAsync(log.follow(0, new AbortController().signal))
    const left = Array.fromAsync(log.follow(0, leaving.signal))
    await Promise.resolve()
    leaving.abort()
    log.append('a')
    log.end()

    expect(await left).toEqual([])
    expect(await staying).toEqual([{ id: 1, event: 'a' }])
  })
})
