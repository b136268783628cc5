/**
 * The client of OpenAI at each device of a mesh in turn: it streams, counts, fails and goes as it does elsewhere.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { APIError, type OpenAI } from 'openai'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import type { TextList, TextView } from '../../node/api/schemas/texts.ts'
import { chatModelFile } from '../../test/fixtures/chat-model.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'
import { openAiClient } from '../../test/fixtures/openai-client.ts'
import type { Claim } from '../claim.ts'

const DAEMONS = 3
const TOKENS = 24
/** Of the chat, with control tokens and roles: 'hello' is one. */
const CHAT_TOKENS = 20
/** Of each text at each device. */
const CANCELS = 5

const prose = {
  model: 'novelist',
  prompt: 'Emma was',
  temperature: 0.7,
  top_p: 0.9,
  seed: 1811,
  max_tokens: TOKENS,
}
const chat = {
  model: 'chatter',
  messages: [{ role: 'user' as const, content: 'hello' }],
  seed: 7,
  max_tokens: TOKENS,
}

function schemaFormat(schema: Record<string, unknown>) {
  return { type: 'json_schema' as const, json_schema: { name: 'answer', schema } }
}

/** What is wrong with a request, and what the client must throw. */
const MISTAKES = [
  [{ ...chat, model: 'unheard-of' }, 404, 'MODELS_NOT_FOUND', 'model'],
  [{ ...chat, model: 'novelist' }, 422, 'TEXT_TEMPLATE_MISSING', 'messages'],
  [{ ...chat, n: 2 }, 400, 'API_PARAMETER_UNSUPPORTED', 'n'],
  [
    { ...chat, response_format: schemaFormat({ not: {} }) },
    400,
    'GRAMMAR_SCHEMA_UNSUPPORTED',
    'response_format',
  ],
  [{ ...chat, temperature: 3 }, 400, 'API_REQUEST_INVALID', 'temperature'],
] as const

interface Streamed {
  readonly text: string
  readonly tokens: number | undefined
  readonly finish: string | undefined
  readonly stages: number
}

/** One prompt as a stream, and where it was written. */
async function streamProse(client: OpenAI, stages: number): Promise<Streamed> {
  const asked = {
    ...prose,
    stream: true as const,
    stream_options: { include_usage: true },
    brume: { stages, wire: 'f32' },
  }
  const { data, response } = await client.completions.create(asked).withResponse()
  let text = ''
  let tokens: number | undefined
  let finish: string | undefined
  for await (const { choices, usage } of data) {
    text += choices[0]?.text ?? ''
    finish = choices[0]?.finish_reason ?? finish
    tokens = usage?.completion_tokens ?? tokens
  }
  const route = response.headers.get('x-brume-route') ?? ''
  return { text, tokens, finish, stages: route.split(', ').length }
}

/** One chat as a stream; the role must come first. */
async function streamChat(client: OpenAI): Promise<Omit<Streamed, 'stages'>> {
  const stream = await client.chat.completions.create({
    ...chat,
    stream: true,
    stream_options: { include_usage: true },
  })
  const chunks = await Array.fromAsync(stream)
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  const role = chunks[0]?.choices[0]?.delta.role
  return {
    text: role === 'assistant' ? text : '',
    tokens: chunks.at(-1)?.usage?.completion_tokens,
    finish: chunks.at(-2)?.choices[0]?.finish_reason ?? undefined,
  }
}

/** Leaves a stream after three pieces. @returns Time until the text was stopped, or undefined if it was not. */
async function leave(client: OpenAI, { api }: TestDaemon): Promise<number | undefined> {
  const stream = await client.completions.create({ ...prose, max_tokens: 400, stream: true })
  let pieces = 0
  for await (const _ of stream) if (++pieces === 3) break
  const leftMs = performance.now()
  const state = await until('the text is over', 10_000, async () => {
    const [latest] = (await api.get<TextList>('/v1/texts')).texts as readonly TextView[]
    return latest?.state === 'running' ? undefined : latest?.state
  })
  return state === 'cancelled' ? performance.now() - leftMs : undefined
}

/** What was looked at, and whether it was right. */
type Check = readonly [name: string, right: boolean]

/** The same prose whole, and as a stream from any number of stages. */
async function checkProse(client: OpenAI, expected: string | undefined) {
  const whole = await client.completions.create(prose)
  const text = whole.choices[0]?.text ?? ''
  const checks: Check[] = [['prompt, whole', text.length > TOKENS && text === (expected ?? text)]]
  for (let stages = 1; stages <= DAEMONS; stages++) {
    const streamed = await streamProse(client, stages)
    const right = { text, tokens: TOKENS, finish: 'length', stages }
    checks.push([`prompt, streamed from ${stages} stages`, isDeepStrictEqual(streamed, right)])
  }
  return { checks, text }
}

async function checkChat(client: OpenAI): Promise<readonly Check[]> {
  const { choices, usage } = await client.chat.completions.create(chat)
  const streamed = await streamChat(client)
  const text = choices[0]?.message.content
  return [
    ['chat', streamed.text !== '' && streamed.text === text],
    ['usage', streamed.tokens === usage?.completion_tokens && usage?.prompt_tokens === CHAT_TOKENS],
  ]
}

/** An answer in a form that was asked for. */
async function checkForm(client: OpenAI): Promise<readonly Check[]> {
  const properties = { yes: { type: 'boolean' } }
  const schema = { type: 'object', properties, required: ['yes'] }
  const { choices } = await client.chat.completions.create({
    ...chat,
    response_format: schemaFormat(schema),
  })
  const said = choices[0]?.message.content ?? ''
  return [['schema', /^\{\s*"yes":\s*(?:true|false)\s*\}$/.test(said)]]
}

/** Vectors of texts: alike whatever the number of stages, and counted. */
async function checkEmbeddings(client: OpenAI): Promise<readonly Check[]> {
  const input = ['Emma was happy.', 'Emma was glad.', 'He rode to London.']
  const asked = { model: 'novelist', input }
  const [one, ...more] = await Promise.all(
    Array.from({ length: DAEMONS }, (_, index) =>
      client.embeddings.create({
        ...asked,
        brume: { stages: index + 1, wire: 'f32' },
      } as typeof asked),
    ),
  )
  const [happy = [], glad = [], rode = []] = one?.data.map(({ embedding }) => embedding) ?? []
  const near = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
  return [
    [
      'embeddings',
      near(happy, glad) > near(happy, rode) && Math.abs(near(happy, happy) - 1) < 1e-5,
    ],
    ['embeddings from stages', more.every(({ data }) => isDeepStrictEqual(data, one?.data))],
    ['embeddings, usage', (one?.usage.prompt_tokens ?? 0) > 9],
  ]
}

/** Whether each mistake is thrown as it should be. */
async function checkMistakes(client: OpenAI): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const [body, status, code, param] of MISTAKES) {
    const failure: unknown = await client.chat.completions
      .create(body)
      .catch((error: unknown) => error)
    const told = failure instanceof APIError ? [failure.status, failure.code, failure.param] : []
    checks.push([`${code} of ${param}`, isDeepStrictEqual(told, [status, code, param])])
  }
  return checks
}

interface Visit {
  readonly checks: readonly Check[]
  readonly cancelsMs: readonly number[]
  readonly text: string
}

/** Everything at one device. */
async function visit(daemon: TestDaemon, expected: string | undefined): Promise<Visit> {
  const client = openAiClient(daemon)
  const { checks, text } = await checkProse(client, expected)
  checks.push(...(await checkChat(client)), ...(await checkForm(client)))
  checks.push(...(await checkEmbeddings(client)), ...(await checkMistakes(client)))
  const cancelsMs: number[] = []
  for (let cancel = 1; cancel <= CANCELS; cancel++) {
    const ms = await leave(client, daemon)
    checks.push([`left ${cancel}`, ms !== undefined])
    if (ms !== undefined) cancelsMs.push(ms)
  }
  return { checks, cancelsMs, text }
}

async function importModels(novelist: TestDaemon, chatter: TestDaemon): Promise<void> {
  const file = join(chatter.stateDir, 'chatter.gguf')
  await writeFile(file, chatModelFile())
  await novelist.api.operate('/v1/models/import', { name: 'novelist', file: NOVELIST_FILE })
  await chatter.api.operate('/v1/models/import', { name: 'chatter', file })
}

export const claim: Claim = {
  sentence:
    'The openai client streams from any device of a mesh, is counted, stops what it leaves and is told what is wrong.',
  goal: `every check at each of ${DAEMONS} devices`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const daemons = await fleet.startMany(DAEMONS)
    const [first, second] = daemons
    if (first === undefined || second === undefined) throw new Error('no daemon')
    await fleet.formMesh('openai')
    await importModels(first, second)
    say(`one model at ${first.name}, one at ${second.name}; each of ${DAEMONS} is asked in turn`)

    const visits: Visit[] = []
    for (const daemon of daemons) {
      signal.throwIfAborted()
      const seen = await visit(daemon, visits[0]?.text)
      visits.push(seen)
      const wrong = seen.checks.filter(([, right]) => !right).map(([name]) => name)
      const { length } = seen.checks
      say(`${daemon.name}: ${length - wrong.length} of ${length} right ${wrong.join(', ')}`)
    }
    say(`all said:${visits[0]?.text}`)
    const results = visits.flatMap(({ checks }) => checks)
    const right = results.filter(([, held]) => held).length
    const cancelsMs = visits.flatMap((each) => each.cancelsMs).toSorted((a, b) => a - b)
    const cancelMs = cancelsMs[Math.floor(cancelsMs.length / 2)] ?? Number.NaN
    const slowestMs = cancelsMs.at(-1) ?? Number.NaN
    return {
      met: right === results.length && visits.length === DAEMONS,
      figure: `${right} of ${results.length} right; a text that is left stops in ${cancelMs.toFixed(0)} ms, at most ${slowestMs.toFixed(0)} ms`,
      facts: { right, checks: results.length, cancelMs, slowestMs },
    }
  },
}
