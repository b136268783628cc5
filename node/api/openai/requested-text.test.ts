import { describe, expect, it } from 'vitest'
import { FakeBackend } from '../../../test/fixtures/backend.ts'
import { CHAT, PLAIN, post } from '../../../test/fixtures/openai-exchange.ts'
import { ApiError } from '../errors.ts'

describe('a request', () => {
  it('becomes a text with everything that it says', async () => {
    const backend = new FakeBackend()
    await post(
      'chat/completions',
      {
        model: 'tiny',
        messages: [
          {
            role: 'developer',
            content: [
              { type: 'text', text: 'Be' },
              { type: 'text', text: 'brief' },
            ],
          },
          { role: 'user', content: 'Hello', name: 'Ada' },
          { role: 'assistant', content: null },
        ],
        max_tokens: 7,
        max_completion_tokens: 9,
        temperature: 0.5,
        top_p: 0,
        seed: -1,
        stop: 'END',
        frequency_penalty: 0.25,
        presence_penalty: -0.5,
        logit_bias: { '5': -100, '12': 3.5 },
        top_k: 40,
        user: 'someone',
        n: 1,
        tools: [],
        response_format: { type: 'text' },
        store: true,
        brume: { stages: 2 },
      },
      { backend },
    )

    expect(backend.written).toEqual([
      {
        model: 'tiny',
        messages: [
          { role: 'system', content: 'Be\nbrief' },
          { role: 'user', content: 'Hello', name: 'Ada' },
          { role: 'assistant', content: '' },
        ],
        tokensMax: 9,
        stop: ['END'],
        sampling: {
          temperature: 0.5,
          topK: 40,
          topP: 1e-6,
          minP: 0,
          repetitionPenalty: 1,
          repetitionWindow: 64,
          frequencyPenalty: 0.25,
          presencePenalty: -0.5,
          seed: Number.MAX_SAFE_INTEGER - 1,
          logprobs: 0,
          logitBias: [
            { token: 5, bias: -100 },
            { token: 12, bias: 3.5 },
          ],
          minTokens: 0,
        },
        ignoreStopTokens: false,
        hashLogits: false,
        stages: 2,
        standby: 'auto',
        objective: 'latency',
        wire: 'auto',
        speculation: 'auto',
        provider: 'auto',
      },
    ])
  })

  it.each([
    ['a text', 'hello', { prompt: 'hello' }],
    ['a list of one text', ['hello'], { prompt: 'hello' }],
    ['tokens', [1, 2], { promptTokens: [1, 2] }],
    ['a list of one list of tokens', [[1, 2]], { promptTokens: [1, 2] }],
  ])('may have as its prompt %s', async (_, prompt, expected) => {
    const backend = new FakeBackend()
    await post('completions', { model: 'tiny', prompt }, { backend })

    expect(backend.written[0]).toMatchObject({ ...expected, tokensMax: 16 })
  })

  it.each([
    [{ response_format: { type: 'json_object' } }, { schema: { type: 'object' } }],
    [
      {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'yes', strict: true, schema: { type: 'boolean' } },
        },
      },
      { schema: { type: 'boolean' } },
    ],
    [{ grammar: 'root ::= "yes"', response_format: null }, { grammar: 'root ::= "yes"' }],
  ])('may say what its answer has to be: %o', async (asked, expected) => {
    const backend = new FakeBackend()
    await post('chat/completions', { ...CHAT, ...asked }, { backend })

    expect(backend.written[0]).toMatchObject(expected)
  })

  it('is refused when it says so twice', async () => {
    const twice = { grammar: 'root ::= "yes"', response_format: { type: 'json_object' } }
    const reply = await post('chat/completions', { ...CHAT, ...twice })

    expect(reply.json().error).toMatchObject({
      code: 'API_PARAMETER_UNSUPPORTED',
      param: 'grammar',
    })
  })

  it.each([
    ['n', 2],
    ['tools', [{ type: 'function', function: { name: 'f' } }]],
    ['tool_choice', 'required'],
    ['response_format', { type: 'xml' }],
    ['modalities', ['text', 'audio']],
    ['reasoning_effort', 'high'],
    ['best_of', 3],
    ['echo', true],
  ])('is refused when %s asks for what is not there', async (param, value) => {
    const reply = await post('chat/completions', { ...CHAT, [param]: value })

    expect(reply.statusCode).toBe(400)
    expect(reply.json().error).toMatchObject({
      type: 'invalid_request_error',
      code: 'API_PARAMETER_UNSUPPORTED',
      param,
    })
    expect(reply.headers['x-should-retry']).toBe('false')
  })

  it('is refused when it shows an image', async () => {
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: 'data:,' } },
    ]
    const reply = await post('chat/completions', { ...CHAT, messages: [{ role: 'user', content }] })

    expect([reply.statusCode, reply.json().error]).toEqual([
      400,
      {
        message:
          'messages.0.content.1: expected a text; leave it out: /v1/openapi.json says what the route takes',
        type: 'invalid_request_error',
        param: 'messages.0.content.1',
        code: 'API_PARAMETER_UNSUPPORTED',
      },
    ])
  })

  it.each([
    ['messages', { messages: [] }],
    ['temperature', { temperature: 2.5 }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['max_tokens', { max_tokens: 0 }],
    ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['logit_bias.x', { logit_bias: { x: 1 } }],
    ['logit_bias.999999', { logit_bias: { '999999': 1 } }],
    ['seed', { seed: 0.5 }],
    ['brume.stages', { brume: { stages: 0 } }],
  ])('is refused with the place of a mistake: %s', async (param, changes) => {
    const reply = await post('chat/completions', { ...CHAT, ...changes })

    expect(reply.statusCode).toBe(400)
    expect(reply.json().error).toMatchObject({ code: 'API_REQUEST_INVALID', param })
  })

  it('is refused with the code and the status that the daemon gives', async () => {
    const backend = Object.assign(new FakeBackend(), {
      generate: () => Promise.reject(new ApiError({ code: 'API_MODEL_UNKNOWN', model: 'x' })),
    })
    const reply = await post('completions', PLAIN, { backend })

    expect([reply.statusCode, reply.json().error.code]).toEqual([404, 'API_MODEL_UNKNOWN'])
  })
})
