import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { FakeBackend, MODEL } from '../../test/fixtures/backend.ts'
import { createApp } from './app.ts'
import { API_ERRORS } from './errors.ts'
import { ROUTES } from './routes.ts'
import { openAiErrorSchema } from './schemas/openai.ts'
import { problemSchema } from './schemas/problem.ts'

const app = createApp(
  {
    backend: new FakeBackend(),
    logger: SILENT_LOGGER,
    errorRow: (code) => API_ERRORS[code as keyof typeof API_ERRORS],
  },
  { key: 'brumek_test', version: '0.1.0', jobBodyBytesMax: 1_048_576 },
)
const headers = { host: 'localhost', authorization: 'Bearer brumek_test' }

/** JSON that is sometimes nearly what a route takes. */
const body = fc.oneof(
  fc.jsonValue(),
  fc.record({
    model: fc.oneof(fc.string(), fc.jsonValue()),
    inputs: fc.array(
      fc.dictionary(
        fc.string(),
        fc.record({
          type: fc.constantFrom('float32', 'int64', 'text', null),
          dims: fc.array(fc.oneof(fc.integer(), fc.double())),
          data: fc.oneof(fc.base64String(), fc.string(), fc.jsonValue()),
        }),
      ),
    ),
    stages: fc.jsonValue(),
  }),
  fc.record({ kind: fc.constantFrom('mlp', 'decoder'), hidden: fc.jsonValue() }),
  fc.record(
    {
      model: fc.constantFrom('tiny', 'other'),
      messages: fc.array(
        fc.record({
          role: fc.constantFrom('user', 'developer', ''),
          content: fc.oneof(fc.string(), fc.array(fc.record({ type: fc.constant('text') }))),
        }),
      ),
      prompt: fc.oneof(fc.string(), fc.array(fc.nat()), fc.array(fc.string())),
      stream: fc.oneof(fc.boolean(), fc.jsonValue()),
      stop: fc.oneof(fc.string(), fc.array(fc.string())),
      seed: fc.oneof(fc.integer(), fc.double()),
      logprobs: fc.oneof(fc.boolean(), fc.integer()),
      logit_bias: fc.dictionary(fc.oneof(fc.nat().map(String), fc.string()), fc.double()),
      response_format: fc.jsonValue(),
    },
    { requiredKeys: ['model'] },
  ),
)

it('answers every body with success or a problem of the caller, never with a failure of its own', async () => {
  const routes = ROUTES.filter(({ method }) => method === 'POST')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async ({ path, openAiErrors }, payload) => {
      const reply = await app.inject({
        method: 'POST',
        url: path.replace(':id', MODEL),
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(payload),
      })

      expect(reply.statusCode).toBeLessThan(500)
      if (reply.statusCode < 400) return
      if (openAiErrors === 'instead') openAiErrorSchema.parse(reply.json())
      else problemSchema.parse(reply.json())
    }),
    { numRuns: 300 },
  )
})

it('answers every path and query in the same way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.webQueryParameters(), async (path, query) => {
      const reply = await app.inject({ method: 'GET', url: `/v1${path}?${query}`, headers })

      expect(reply.statusCode).toBeLessThan(500)
      if (reply.statusCode >= 400) problemSchema.parse(reply.json())
    }),
  )
})

it('waits for no request for ever, and holds only so many connections', () => {
  const { requestTimeout, headersTimeout, maxConnections } = app.server
  expect([requestTimeout, maxConnections]).toEqual([120_000, 256])
  expect(headersTimeout).toBeLessThanOrEqual(requestTimeout)
})
