/**
 * Answers a completion: at once when it is done, or in chunks while it is written.
 *
 * @module
 */

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TextBackend } from '../backend.ts'
import { drained } from '../server-sent-events.ts'
import type { PlanView } from '../schemas/plan.ts'
import type { Problem } from '../schemas/problem.ts'
import type { TextEventView, TextView } from '../schemas/texts.ts'
import type { CompletionAsk, TextPiece } from './completion-form.ts'
import { openAiError } from './error-form.ts'
import { followText, type FollowedText } from './followed-text.ts'
import { routeText, serverTiming } from './run-headers.ts'

export interface CompletionSetting {
  readonly backend: TextBackend
  /** Aborts when the client is gone or the API stops. */
  readonly signal: AbortSignal
  /** Time between two comments of a stream, in ms. */
  readonly keepAliveMs: number
  readonly problemOf: (error: unknown) => Problem
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

type Ask = CompletionAsk<object, object>

/** @throws {CodedError} whatever goes wrong before the first byte is sent. */
export async function answerCompletion(
  exchange: Exchange,
  ask: Ask,
  setting: CompletionSetting,
): Promise<unknown> {
  const followed = await followText(setting.backend, ask.text, setting.signal)
  return ask.streams
    ? streamed(exchange, { ask, followed }, setting)
    : whole(exchange, { ask, followed })
}

interface Work {
  readonly ask: Ask
  readonly followed: FollowedText
}

async function whole({ request, reply }: Exchange, { ask, followed }: Work): Promise<unknown> {
  const pieces: TextPiece[] = []
  let text = followed.text
  for await (const event of followed.events) {
    if (event.type === 'tokens') pieces.push(event)
    if (event.type === 'done') text = event.result
  }
  void reply.headers({ 'x-request-id': text.id, 'x-brume-route': routeText(text.stages) })
  if (wantsTiming(request)) void reply.header('server-timing', serverTiming(text))
  return reply.send(ask.form.whole(text, pieces))
}

async function streamed(
  { request, reply }: Exchange,
  { ask, followed }: Work,
  setting: CompletionSetting,
): Promise<unknown> {
  const { text, events } = followed
  try {
    const stages = await plannedStages(events)
    reply.hijack()
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-request-id': text.id,
      'x-brume-route': routeText(stages),
      // Nothing follows a stream, and a kept connection would hold up the end of the daemon.
      connection: 'close',
    })
    const loading = new StageCount(stages.length)
    const comments = setInterval(
      () => reply.raw.write(`: ${loading.text}\n\n`),
      setting.keepAliveMs,
    )
    try {
      await sendChunks(
        reply,
        chunksOf(ask, { text, events, loading }, wantsTiming(request)),
        setting,
      )
    } finally {
      clearInterval(comments)
      reply.raw.end()
    }
  } finally {
    await events.return(undefined)
  }
  return reply
}

/** What goes wrong from here on has no status any more: it is a chunk, and nothing comes after it. */
async function sendChunks(
  { raw }: FastifyReply,
  chunks: AsyncIterable<object>,
  { signal, problemOf }: CompletionSetting,
): Promise<void> {
  const send = async (data: string): Promise<void> => {
    if (!raw.write(`data: ${data}\n\n`)) await drained(raw, signal)
  }
  try {
    for await (const chunk of chunks) await send(JSON.stringify(chunk))
    await send('[DONE]')
  } catch (error) {
    if (!raw.destroyed) await send(JSON.stringify(openAiError(problemOf(error))))
  }
}

interface Writing extends FollowedText {
  readonly loading: StageCount
}

async function* chunksOf(
  { form, includesUsage }: Ask,
  { text, events, loading }: Writing,
  timed: boolean,
): AsyncGenerator<object> {
  const first = form.first(text)
  if (first !== undefined) yield first
  for await (const event of events) {
    loading.take(event)
    const piece = event.type === 'tokens' ? form.piece(text, event) : undefined
    if (piece !== undefined) yield piece
    if (event.type !== 'done') continue
    const run = timed ? { brume: runOf(event.result) } : {}
    yield includesUsage ? form.last(event.result) : { ...form.last(event.result), ...run }
    if (includesUsage) yield { ...form.usage(event.result), ...run }
  }
}

/** Where it will be written: known before anything is sent, so that a text without a place has a status. */
async function plannedStages(events: AsyncGenerator<TextEventView>): Promise<PlanView['stages']> {
  for (let next = await events.next(); next.done !== true; next = await events.next()) {
    if (next.value.type === 'plan') return next.value.plan.stages
  }
  return []
}

/** How many of the stages are ready, for whoever waits. */
class StageCount {
  readonly #total: number
  readonly #ready = new Set<number>()
  #running = false

  constructor(total: number) {
    this.#total = total
  }

  get text(): string {
    return this.#running ? 'writing' : `loading ${this.#ready.size} of ${this.#total} stages`
  }

  take(event: TextEventView): void {
    if (event.type === 'state') this.#running = event.state === 'running'
    if (event.type !== 'stage') return
    const { index, state } = event.stage
    if (state === 'ready' || state === 'running') this.#ready.add(index)
    else this.#ready.delete(index)
  }
}

function wantsTiming({ headers }: FastifyRequest): boolean {
  return headers['x-brume-timing'] === '1'
}

function runOf({ id, seed, exact, stages, hops, recoveries, times }: TextView) {
  const run = { id, seed, stages, hops, recoveries, times }
  return exact === undefined ? run : { ...run, exact }
}
