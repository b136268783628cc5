import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { FakeBackend, JOB, MODEL, plan, text, textEvents } from '../../../test/fixtures/backend.ts'
import {
  apiOver,
  CHAT,
  KEY,
  KEY_HEADERS,
  PLAIN,
  post,
} from '../../../test/fixtures/openai-exchange.ts'
import type { Backend } from '../backend.ts'
import { EventLog } from '../event-log.ts'
import { chatChunkSchema, type ChatChunk } from '../schemas/chat-completions.ts'
import { completionSchema, type Completion } from '../schemas/completions.ts'
import { openAiErrorSchema } from '../schemas/openai.ts'
import type { TextEventView } from '../schemas/texts.ts'

/** The data of a stream, one text for each. */
function dataOf(stream: string): string[] {
  return [...stream.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? '')
}

/** The chunks of a stream that ends as it should. */
function chunksOf<T>(stream: string): T[] {
  const data = dataOf(stream)
  expect(data.at(-1)).toBe('[DONE]')
  return data.slice(0, -1).map((each) => JSON.parse(each) as T)
}

/** A daemon whose texts go as `events` say. */
function backendWith(events: EventLog<TextEventView>): FakeBackend {
  return Object.assign(new FakeBackend(), { textEvents: () => events })
}

function logOf(...events: readonly TextEventView[]): EventLog<TextEventView> {
  const log = new EventLog<TextEventView>()
  for (const event of events) log.append(event)
  return log
}

/** A word with its probability and what might have stood there. */
function likely(word: string): TextEventView {
  const other = { token: 8, text: ' other', logprob: -2 }
  const alternatives = [{ token: 7, text: word, logprob: -0.5 }, other]
  return {
    type: 'tokens',
    text: word,
    tokens: [{ token: 7, text: word, logprob: -0.5, alternatives }],
    hopsMs: [],
  }
}

function likelyWords(): EventLog<TextEventView> {
  const log = logOf({ type: 'plan', plan }, likely('Hé'), likely(' you'), {
    type: 'done',
    result: { ...text, text: 'Hé you' },
  })
  log.end()
  return log
}

const head = {
  id: `chatcmpl-${JOB}`,
  created: 1_700_000_000,
  model: 'tiny',
  system_fingerprint: `fp_${MODEL.slice(0, 12)}`,
}
const usage = {
  prompt_tokens: 4,
  completion_tokens: 3,
  total_tokens: 7,
  prompt_tokens_details: { cached_tokens: 0 },
}

describe('an answer', () => {
  it('of a chat comes whole, with its usage and its route', async () => {
    const reply = await post('chat/completions', CHAT)

    expect(reply.json()).toEqual({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello there!', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage,
    })
    expect(reply.headers).toMatchObject({
      'x-request-id': JOB,
      'x-brume-route': 'brave-otter-7f3a/0-1, brave-otter-7f3a/2-2',
    })
    expect(reply.headers['server-timing']).toBeUndefined()
  })

  it('of a prompt comes whole', async () => {
    expect((await post('completions', PLAIN)).json()).toEqual({
      ...head,
      id: `cmpl-${JOB}`,
      object: 'text_completion',
      choices: [{ index: 0, text: 'Hello there!', logprobs: null, finish_reason: 'stop' }],
      usage,
    })
  })

  it('says what it took at each stage to those who ask', async () => {
    const headers = { 'x-brume-timing': '1' }
    const reply = await post('chat/completions', CHAT, { headers })

    expect(reply.headers['server-timing']).toBe(
      'load;dur=40, first-token;dur=60, total;dur=1000, ' +
        'stage-0;dur=1.4;desc="brave-otter-7f3a", stage-1;dur=1.4;desc="brave-otter-7f3a"',
    )
  })

  it('of a chat has probabilities, with as many alternatives as were asked for', async () => {
    const content = (count: number) => [
      {
        token: 'Hé',
        logprob: -0.5,
        bytes: [72, 195, 169],
        top_logprobs: [{ token: 'Hé', logprob: -0.5, bytes: [72, 195, 169] }].slice(0, count),
      },
      {
        token: ' you',
        logprob: -0.5,
        bytes: [32, 121, 111, 117],
        top_logprobs: [{ token: ' you', logprob: -0.5, bytes: [32, 121, 111, 117] }].slice(
          0,
          count,
        ),
      },
    ]
    for (const count of [0, 1]) {
      const backend = backendWith(likelyWords())
      const body = { ...CHAT, logprobs: true, top_logprobs: count }
      const reply = await post('chat/completions', body, { backend })

      expect(reply.json().choices[0].logprobs).toEqual({ content: content(count), refusal: null })
      expect(backend.written[0]?.sampling.logprobs).toBe(1)
    }
  })

  it('of a prompt has probabilities in the older form', async () => {
    const backend = backendWith(likelyWords())
    const reply = await post('completions', { ...PLAIN, logprobs: 2 }, { backend })

    expect(reply.json().choices[0].logprobs).toEqual({
      tokens: ['Hé', ' you'],
      token_logprobs: [-0.5, -0.5],
      top_logprobs: [
        { Hé: -0.5, ' other': -2 },
        { ' you': -0.5, ' other': -2 },
      ],
      text_offset: [0, 2],
    })
  })
})

describe('a stream', () => {
  it('of a chat begins with the role and ends with the reason and the usage', async () => {
    const body = { ...CHAT, stream: true, stream_options: { include_usage: true } }
    const reply = await post('chat/completions', body)
    const chunks = chunksOf<ChatChunk>(reply.body)

    expect(reply.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-request-id': JOB,
      'x-brume-route': 'brave-otter-7f3a/0-1, brave-otter-7f3a/2-2',
    })
    for (const chunk of chunks) expect(chatChunkSchema.parse(chunk)).toMatchObject(head)
    expect(chunks.map(({ choices: [choice] }) => choice?.delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'Hello' },
      { content: ' there' },
      { content: '!' },
      {},
      undefined,
    ])
    expect(chunks.map(({ choices: [choice] }) => choice?.finish_reason)).toEqual([
      null,
      null,
      null,
      null,
      'stop',
      undefined,
    ])
    expect(chunks.map((chunk) => chunk.usage)).toEqual([null, null, null, null, null, usage])
  })

  it('of a prompt has texts, and no usage unless it was asked for', async () => {
    const reply = await post('completions', { ...PLAIN, stream: true })
    const chunks = chunksOf<Completion>(reply.body)

    for (const chunk of chunks) completionSchema.parse(chunk)
    expect(chunks.map(({ choices: [choice] }) => choice?.text)).toEqual([
      'Hello',
      ' there',
      '!',
      '',
    ])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
  })

  it.each([true, false])(
    'tells the run in its last chunk to those who ask: %s',
    async (counted) => {
      const headers = { 'x-brume-timing': '1' }
      const body = { ...CHAT, stream: true, stream_options: { include_usage: counted } }
      const chunks = chunksOf<ChatChunk>((await post('chat/completions', body, { headers })).body)

      const { id, seed, exact, stages, hops, recoveries, times } = text
      const run = { id, seed, exact, stages, hops, recoveries, times }
      expect(chunks.at(-1)?.brume).toEqual(run)
      expect(chunks.slice(0, -1).some((chunk) => 'brume' in chunk)).toBe(false)
    },
  )

  it('has the probabilities of a token that is held back', async () => {
    const [held] = [likely('Hé')]
    const log = logOf(
      { type: 'plan', plan },
      { ...(held as Extract<TextEventView, { type: 'tokens' }>), text: '' },
      { type: 'tokens', text: 'Hé', tokens: [], hopsMs: [] },
      { type: 'done', result: text },
    )
    log.end()
    const body = { ...CHAT, stream: true, logprobs: true }
    const reply = await post('chat/completions', body, { backend: backendWith(log) })
    const choices = chunksOf<ChatChunk>(reply.body).flatMap((chunk) => chunk.choices)

    const told = choices.map(({ delta, logprobs }) => [
      delta.content,
      logprobs?.content.map(({ token }) => token),
    ])
    expect(told.slice(1, 3)).toEqual([
      ['', ['Hé']],
      ['Hé', []],
    ])
  })

  it('fails with a status as long as nothing was sent, and with a chunk after that', async () => {
    const error = {
      type: '',
      title: '',
      status: 503,
      detail: 'nobody is there',
      code: 'PLACEMENT_NOBODY',
      hint: 'wait',
      retryable: true,
      component: 'placement',
      exit: 3,
      details: {},
    }
    const early = logOf({ type: 'state', state: 'planning' }, { type: 'failed', error })
    const late = logOf({ type: 'plan', plan }, { type: 'failed', error })
    const body = { ...CHAT, stream: true }
    const refused = await post('chat/completions', body, { backend: backendWith(early) })
    const broken = await post('chat/completions', body, { backend: backendWith(late) })

    const told = {
      error: {
        message: 'nobody is there; wait',
        type: 'server_error',
        param: null,
        code: 'PLACEMENT_NOBODY',
      },
    }
    expect([refused.statusCode, refused.json()]).toEqual([503, told])
    expect(refused.headers['x-should-retry']).toBe('true')
    expect(broken.statusCode).toBe(200)
    expect(JSON.parse(dataOf(broken.body).at(-1) ?? '')).toEqual(told)
  })
})

describe('a client that is there', () => {
  /** Asks over a socket for a stream whose text goes as `log` says, as far as its head. */
  async function streamOf(app: ReturnType<typeof apiOver>, signal?: AbortSignal) {
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as { port: number }
    return fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...CHAT, stream: true }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  it('hears how many stages are ready, and when it is gone the text is stopped', async () => {
    const log = logOf({ type: 'state', state: 'loading' }, { type: 'plan', plan })
    const backend = backendWith(log)
    const gone = new AbortController()
    const app = apiOver(backend)
    const reply = await streamOf(app, gone.signal)
    const reader = (reply.body ?? new ReadableStream()).getReader()
    let heard = ''
    const readUntil = async (wanted: string): Promise<void> => {
      while (!heard.includes(wanted)) heard += Buffer.from((await reader.read()).value).toString()
    }
    await readUntil(': loading 0 of 2 stages')
    const [stage] = text.stages
    if (stage !== undefined) log.append({ type: 'stage', stage: { ...stage, state: 'ready' } })
    await readUntil(': loading 1 of 2 stages')
    log.append({ type: 'state', state: 'running' })
    await readUntil(': writing')

    expect(backend.calls).toEqual(['generate'])
    gone.abort()
    while (backend.calls.length < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(backend.calls).toEqual(['generate', 'cancelText'])
    await app.close()
  })

  /** Waits until it is given up, as the search of a mesh does. */
  function waitingBackend() {
    const [asked, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const generate: Backend['generate'] = async (_, signal) => {
      asked.resolve()
      await once(signal, 'abort')
      setImmediate(ended.resolve)
      throw signal.reason
    }
    const backend = Object.assign(new FakeBackend(), { generate })
    return { backend, asked: asked.promise, ended: ended.promise }
  }

  it('is no failure when it goes before its text is taken', async () => {
    const { backend, asked, ended } = waitingBackend()
    const failures: string[] = []
    const logger = { ...SILENT_LOGGER, error: (message: string) => void failures.push(message) }
    const gone = new AbortController()
    const app = apiOver(backend, logger)
    const streaming = streamOf(app, gone.signal)
    await asked
    gone.abort()

    await expect(streaming).rejects.toThrow('aborted')
    await ended
    await app.close()
    expect(failures).toEqual([])
  })

  it('hears that the daemon stops before its text is taken', async () => {
    const { backend, asked } = waitingBackend()
    const app = apiOver(backend)
    const streaming = streamOf(app)
    await asked
    await Promise.all([app.close(), streaming])

    const reply = await streaming
    const { error } = openAiErrorSchema.parse(await reply.json())
    expect([reply.status, error.code]).toEqual([503, 'API_STOPPING'])
  })

  it('hears that the daemon stops', async () => {
    const app = apiOver(backendWith(logOf({ type: 'plan', plan })))
    const reply = await streamOf(app)
    await app.close()

    const last = openAiErrorSchema.parse(JSON.parse(dataOf(await reply.text()).at(-1) ?? ''))
    expect(last.error.code).toBe('API_STOPPING')
  })
})

describe('models', () => {
  it('are told in both forms at once', async () => {
    const app = apiOver(new FakeBackend())
    const list = (await app.inject({ url: '/v1/models', headers: KEY_HEADERS })).json()
    const one = (await app.inject({ url: '/v1/models/tiny', headers: KEY_HEADERS })).json()

    const card = { object: 'model', created: 1_700_000_000, owned_by: 'brume' }
    expect(list).toMatchObject({
      object: 'list',
      data: [{ id: 'tiny', ...card }],
      models: [{ id: MODEL, name: 'tiny' }],
    })
    expect(one).toMatchObject({ id: MODEL, name: 'tiny', layers: 3, ...card })
  })

  it('that are not there are told in both forms at once', async () => {
    const app = apiOver(new FakeBackend())
    const reply = await app.inject({ url: '/v1/models/other', headers: KEY_HEADERS })

    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.json()).toMatchObject({
      detail: 'no model other',
      code: 'API_MODEL_UNKNOWN',
      error: { code: 'API_MODEL_UNKNOWN', param: 'model', type: 'invalid_request_error' },
    })
  })
})

// The events of the usual text have no probabilities: nothing is said of them.
it('tells no probabilities that are not there', async () => {
  const backend = backendWith(textEvents())
  const reply = await post('chat/completions', { ...CHAT, logprobs: true }, { backend })

  expect(reply.json().choices[0].logprobs).toEqual({ content: [], refusal: null })
})
