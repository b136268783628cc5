import { describe, expect, it } from 'vitest'
import { FakeBackend } from '../../../test/fixtures/backend.ts'
import { post } from '../../../test/fixtures/openai-exchange.ts'

describe('a request for embeddings', () => {
  it.each([
    ['a text', 'hello', [{ prompt: 'hello' }]],
    ['texts', ['hello', 'you'], [{ prompt: 'hello' }, { prompt: 'you' }]],
    ['tokens', [1, 2], [{ promptTokens: [1, 2] }]],
    ['lists of tokens', [[1, 2], [3]], [{ promptTokens: [1, 2] }, { promptTokens: [3] }]],
  ])('may have as its input %s', async (_, input, expected) => {
    const backend = new FakeBackend()
    const reply = await post(
      'embeddings',
      { model: 'tiny', input, brume: { stages: 2 } },
      { backend },
    )

    expect(reply.statusCode).toBe(200)
    expect(backend.embedded).toMatchObject(expected.map((each) => ({ ...each, stages: 2 })))
    expect(reply.json()).toEqual({
      object: 'list',
      data: expected.map((_each, index) => ({
        object: 'embedding',
        index,
        embedding: [Math.fround(0.6), Math.fround(0.8)],
      })),
      model: 'tiny',
      usage: { prompt_tokens: 3 * expected.length, total_tokens: 3 * expected.length },
    })
  })

  it('gets float32 in base64 when it asks for that', async () => {
    const reply = await post('embeddings', { model: 'tiny', input: 'x', encoding_format: 'base64' })
    const bytes = Buffer.from(reply.json().data[0].embedding, 'base64')

    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([
      Math.fround(0.6),
      Math.fround(0.8),
    ])
  })

  it.each([
    ['dimensions', { dimensions: 64 }, 'API_PARAMETER_UNSUPPORTED'],
    ['input', { input: [] }, 'API_REQUEST_INVALID'],
    ['input', { input: Array.from({ length: 2_049 }, () => 'x') }, 'API_REQUEST_INVALID'],
    ['encoding_format', { encoding_format: 'int8' }, 'API_REQUEST_INVALID'],
  ])('is refused with the place of a mistake: %s', async (param, changes, code) => {
    const reply = await post('embeddings', { model: 'tiny', input: 'x', ...changes })

    expect([reply.statusCode, reply.json().error.code, reply.json().error.param]).toEqual([
      400,
      code,
      param,
    ])
  })
})
