/**
 * The client of OpenAI against real daemons: what it sends is taken, what it expects comes.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { APIError, APIUserAbortError, type OpenAI } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import type { TextList } from '../../node/api/schemas/texts.ts'
import { chatModelFile } from '../fixtures/chat-model.ts'
import { until } from '../fixtures/delay.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { openAiClient } from '../fixtures/openai-client.ts'

const fleet = new DaemonFleet()
let holder: TestDaemon
let other: TestDaemon
let client: OpenAI

const NOVELIST = { model: 'novelist', prompt: 'Emma was', seed: 1811, temperature: 0.7, top_p: 0.9 }
const CHAT = { model: 'chatter', messages: [{ role: 'user' as const, content: 'hello' }] }
beforeAll(async () => {
  const [first, second] = await fleet.startMany(2)
  if (first === undefined || second === undefined) throw new Error('no daemon')
  ;[holder, other] = [first, second]
  await fleet.formMesh('openai')
  const chatter = join(holder.stateDir, 'chatter.gguf')
  await writeFile(chatter, chatModelFile())
  for (const [name, file] of [
    ['novelist', NOVELIST_FILE],
    ['chatter', chatter],
  ] as const) {
    await holder.api.operate('/v1/models/import', { name, file })
  }
  client = openAiClient(holder)
}, 120_000)

afterAll(() => fleet[Symbol.asyncDispose]())

async function failureOf(promise: Promise<unknown>): Promise<APIError> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(APIError)
  return failure as APIError
}

/** States of the texts of a daemon, the latest first. */
async function states({ api }: TestDaemon): Promise<readonly string[]> {
  return (await api.get<TextList>('/v1/texts')).texts.map(({ state }) => state)
}

describe("OpenAI's client", () => {
  it('gets a prompt continued, whole and streamed alike, with its usage', async () => {
    const asked = { ...NOVELIST, max_tokens: 24 }
    const { data: whole, response } = await client.completions.create(asked).withResponse()
    const stream = await client.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    })
    const chunks = await Array.fromAsync(stream)

    const [choice] = whole.choices
    expect(choice?.text).toMatch(/^ \w+ \w+/)
    expect(choice?.finish_reason).toBe('length')
    expect(whole.usage).toEqual({
      prompt_tokens: 3,
      completion_tokens: 24,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 0 },
    })
    expect(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('')).toBe(choice?.text)
    expect(chunks.at(-1)?.usage).toEqual(whole.usage)
    expect(response.headers.get('x-request-id')).toBe(whole.id.replace('cmpl-', ''))
    expect(response.headers.get('x-brume-route')).toMatch(/^[a-z0-9-]+\/0-\d/)
  })

  it('gets an answer in the form that it asks for, or what is wrong with that form', async () => {
    const answer = { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] }
    const form = (schema: Record<string, unknown>) => ({
      type: 'json_schema' as const,
      json_schema: { name: 'answer', schema },
    })
    const chat = await client.chat.completions.create({
      ...CHAT,
      response_format: form(answer),
      seed: 3,
    })
    const said = chat.choices[0]?.message.content ?? ''
    const failure = await failureOf(
      client.chat.completions.create({ ...CHAT, response_format: form({ not: {} }) }),
    )

    expect(JSON.parse(said)).toEqual({ yes: expect.any(Boolean) })
    expect(chat.choices[0]?.finish_reason).toBe('stop')
    expect([failure.status, failure.code, failure.param]).toEqual([
      400,
      'GRAMMAR_SCHEMA_UNSUPPORTED',
      'response_format',
    ])
  })

  it('gets embeddings, the same from one device and from two', async () => {
    // Longer than one chunk of a prompt.
    const input = ['Emma was happy.', 'Emma was glad.', 'He rode to London. '.repeat(40)]
    const asked = { model: 'novelist', input }
    const one = await client.embeddings.create(asked)
    const [whole, split] = await Promise.all(
      [1, 2].map((stages) =>
        client.embeddings.create({ ...asked, brume: { stages, wire: 'f32' } } as typeof asked),
      ),
    )
    const vectors = one.data.map(({ embedding }) => embedding)
    const dot = (a: number[] = [], b: number[] = []): number =>
      a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)

    expect(one.usage).toEqual({
      prompt_tokens: one.usage.total_tokens,
      total_tokens: expect.any(Number),
    })
    expect(vectors.map(({ length }) => length)).toEqual([256, 256, 256])
    for (const vector of vectors) expect(dot(vector, vector)).toBeCloseTo(1, 5)
    expect(dot(vectors[0], vectors[1])).toBeGreaterThan(dot(vectors[0], vectors[2]))
    expect(split?.data).toEqual(whole?.data)
    expect(whole?.data).toEqual(one.data)
  })

  it('ends before a stop string, which is not in the answer', async () => {
    const free = await client.completions.create({ ...NOVELIST, max_tokens: 24 })
    const words = (free.choices[0]?.text ?? '').split(' ')
    const stop = words[4] ?? ''
    const stopped = await client.completions.create({ ...NOVELIST, max_tokens: 24, stop })

    const [choice] = stopped.choices
    expect(choice?.finish_reason).toBe('stop')
    expect(free.choices[0]?.text.startsWith(choice?.text ?? '-')).toBe(true)
    expect(choice?.text).not.toContain(stop)
  })

  it('gets the same answer for the same seed from any device, and another for another', async () => {
    const answers: string[] = []
    for (const daemon of [holder, other]) {
      const { choices } = await openAiClient(daemon).completions.create({
        ...NOVELIST,
        max_tokens: 16,
      })
      answers.push(choices[0]?.text ?? '')
    }
    const next = await client.completions.create({ ...NOVELIST, seed: 1812, max_tokens: 16 })

    expect(answers[1]).toBe(answers[0])
    expect(next.choices[0]?.text).not.toBe(answers[0])
  })

  it('gets the same answer from two stages as from one', async () => {
    const answers: string[] = []
    for (const stages of [1, 2]) {
      const asked = { ...NOVELIST, max_tokens: 16, brume: { stages, wire: 'f32' } }
      const { data, response } = await client.completions.create(asked).withResponse()
      expect(response.headers.get('x-brume-route')?.split(', ')).toHaveLength(stages)
      answers.push(data.choices[0]?.text ?? '')
    }

    expect(answers[1]).toBe(answers[0])
  })

  it('gets a chat streamed, the role first, and the run on request', async () => {
    const stream = await client.chat.completions.create(
      { ...CHAT, max_completion_tokens: 8, seed: 3, stream: true },
      { headers: { 'x-brume-timing': '1' } },
    )
    const chunks = await Array.fromAsync(stream)
    const whole = await client.chat.completions.create({ ...CHAT, max_tokens: 8, seed: 3 })

    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' })
    const content = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')
    expect(content).toBe(whole.choices[0]?.message.content)
    const run = (chunks.at(-1) as { brume?: { stages: unknown[]; times: object } }).brume
    expect(run?.stages.length).toBeGreaterThan(0)
    expect(run?.times).toHaveProperty('firstTokenMs')
  })

  it('gets what an answer took at each stage in a header', async () => {
    const { response } = await client.chat.completions
      .create({ ...CHAT, max_tokens: 4 }, { headers: { 'x-brume-timing': '1' } })
      .withResponse()

    expect(response.headers.get('server-timing')).toMatch(
      /^load;dur=[\d.]+, first-token;dur=[\d.]+, total;dur=\d+, stage-0;dur=[\d.]+;desc="/,
    )
  })

  it('gets probabilities of the tokens and of what might have stood there', async () => {
    const chat = await client.chat.completions.create({
      ...CHAT,
      max_tokens: 5,
      temperature: 0,
      logprobs: true,
      top_logprobs: 3,
    })
    const plain = await client.completions.create({
      ...NOVELIST,
      max_tokens: 5,
      temperature: 0,
      logprobs: 2,
    })

    const content = chat.choices[0]?.logprobs?.content ?? []
    expect(content.map(({ top_logprobs }) => top_logprobs.length)).toEqual([3, 3, 3, 3, 3])
    for (const { logprob, top_logprobs } of content) {
      expect(logprob).toBe(top_logprobs[0]?.logprob)
    }
    const { tokens, text_offset } = plain.choices[0]?.logprobs ?? {}
    expect(tokens?.join('')).toBe(plain.choices[0]?.text)
    expect(text_offset?.[0]).toBe(0)
  })

  it('lists the models and shows one', async () => {
    const { data } = await client.models.list()
    const one = await client.models.retrieve('novelist')

    expect(data.map(({ id }) => id).toSorted()).toEqual(['chatter', 'novelist'])
    expect(one).toMatchObject({ object: 'model', owned_by: 'brume', name: 'novelist' })
  })
})

describe('a client that goes', () => {
  it('stops its stream, and the text with it', async () => {
    const stream = await client.completions.create({ ...NOVELIST, max_tokens: 400, stream: true })
    let pieces = 0
    for await (const _ of stream) if (++pieces === 3) break

    const state = await until('the text is over', 10_000, async () => {
      const [latest] = await states(holder)
      return latest === 'running' ? undefined : latest
    })
    expect([pieces, state]).toEqual([3, 'cancelled'])
  })

  it('stops a text that it does not stream', async () => {
    const before = (await states(holder)).length
    const gone = new AbortController()
    const asked = client.completions.create(
      { ...NOVELIST, max_tokens: 400 },
      { signal: gone.signal },
    )
    const failure = failureOf(asked)
    await until('it is being written', 10_000, async () => {
      const all = await states(holder)
      return all.length > before && all[0] === 'running' ? true : undefined
    })
    gone.abort()

    expect(await failure).toBeInstanceOf(APIUserAbortError)
    const state = await until('the text is over', 10_000, async () => {
      const [latest] = await states(holder)
      return latest === 'running' ? undefined : latest
    })
    expect(state).toBe('cancelled')
  })
})

describe('a mistake', () => {
  it.each([
    ['a model that nobody has', { model: 'unheard-of' }, [404, 'MODELS_NOT_FOUND', 'model']],
    ['no chat template', { model: 'novelist' }, [422, 'TEXT_TEMPLATE_MISSING', 'messages']],
    ['two answers at once', { n: 2 }, [400, 'API_PARAMETER_UNSUPPORTED', 'n']],
    ['too high a temperature', { temperature: 3 }, [400, 'API_REQUEST_INVALID', 'temperature']],
  ] as const)('is told by its code and its place: %s', async (_, changes, told) => {
    const { status, code, param, type } = await failureOf(
      client.chat.completions.create({ ...CHAT, ...changes }),
    )

    expect([status, code, param]).toEqual(told)
    expect(type).toBe('invalid_request_error')
  })

  it('says where a model without a chat template can be asked', async () => {
    const failure = await failureOf(client.chat.completions.create({ ...CHAT, model: 'novelist' }))

    expect(failure.message).toContain('/v1/completions')
  })

  it('is to ask for a model that is not there', async () => {
    const failure = await failureOf(client.models.retrieve('unheard-of'))

    expect(failure).toMatchObject({ status: 404, code: 'API_MODEL_UNKNOWN', param: 'model' })
  })

  it('is to favour a token that the model does not have', async () => {
    const asked = { ...NOVELIST, logit_bias: { '2048': 5 } }
    const failure = await failureOf(client.completions.create(asked))

    expect(failure).toMatchObject({ status: 422, code: 'GENERATE_TOKEN_INVALID' })
  })

  it('of a prompt that is too long is told by the code of the daemon', async () => {
    const prompt = 'word '.repeat(2_000)
    const failure = await failureOf(client.completions.create({ ...NOVELIST, prompt }))

    expect(failure).toMatchObject({ status: 422, code: 'GENERATE_PROMPT_TOO_LONG' })
  })

  it('is a wrong key, and the client does not try it twice', async () => {
    const failure = await failureOf(openAiClient(holder, 'brumek_wrong').models.list())

    expect(failure).toMatchObject({ status: 401, code: 'API_UNAUTHORISED' })
  })

  it('of a text that is too long to be embedded is told by the code of the daemon', async () => {
    const input = ['short', 'word '.repeat(2_000)]
    const failure = await failureOf(client.embeddings.create({ model: 'novelist', input }))

    expect(failure).toMatchObject({ status: 422, code: 'GENERATE_PROMPT_TOO_LONG' })
  })
})
