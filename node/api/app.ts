/**
 * The HTTP application: routes, guard and errors, not yet listening.
 *
 * @module
 */

import { Readable } from 'node:stream'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { z } from 'zod'
import type { Logger } from '../../core/logger.ts'
import type { Backend } from './backend.ts'
import { ApiError } from './errors.ts'
import { guard } from './guard.ts'
import { issueText } from './issue-text.ts'
import { answerCompletion } from './openai/completion-answer.ts'
import { openAiError } from './openai/error-form.ts'
import { type JsonObject, openApiDocument } from './openapi.ts'
import { type ErrorLookup, problemOf } from './problem.ts'
import type { Route, RouteContext } from './route.ts'
import { OPENAPI_PATH, ROUTES } from './routes.ts'
import type { Problem } from './schemas/problem.ts'
import { HEARTBEAT_MS, lastEventId, sendEvents } from './server-sent-events.ts'

export interface ApiComponents {
  readonly backend: Backend
  readonly logger: Logger
  /** The row of an error code, from the catalogue of all rooms. */
  readonly errorRow: ErrorLookup
}

export interface AppInit {
  /** The bearer key that requests must carry. */
  readonly key: string
  /** Of Brume. */
  readonly version: string
  /** Largest body of a job request, in bytes. */
  readonly jobBodyBytesMax: number
  /** Time between two signs of life on event streams and on completions, in ms. */
  readonly heartbeatMs?: number
}

/** Largest body of every other request. */
const BODY_BYTES_MAX = 262_144

/** Time for a request to come in whole; a body of the largest size takes a second on this machine. */
const REQUEST_MS_MAX = 120_000

/** Time between two comments on a completion: clients of OpenAI's API are less patient than ours. */
const KEEP_ALIVE_MS = 3_000

/** Routes that OpenAI's clients ask, and how they tell what went wrong. */
const OPENAI_ERRORS: ReadonlyMap<string, Route['openAiErrors']> = new Map(
  ROUTES.map(({ method, path, openAiErrors }) => [`${method} ${path}`, openAiErrors]),
)

/** Connections at a time, so that nobody without a key can take the daemon's descriptors. */
const CONNECTIONS_MAX = 256

/** Builds the application. Its `close` ends event streams, waits for the rest, and refuses new requests. */
export function createApp(components: ApiComponents, init: AppInit): FastifyInstance {
  const stopping = new AbortController()
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    // Work that is waited for ends with the reason for which it was given up.
    const stopped = stopping.signal.aborted && error === stopping.signal.reason
    const told = stopped ? new ApiError({ code: 'API_STOPPING' }) : error
    sendProblem(components, told, request, reply)
  }
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    frameworkErrors: fail,
    // Fastify answers 503 by itself while it closes, in a form of its own; ours is below.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
  })
  app.server.maxConnections = CONNECTIONS_MAX
  app.removeContentTypeParser('text/plain')
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) =>
    validator(schema, httpPart ?? 'body'),
  )
  app.setErrorHandler(fail)
  app.setNotFoundHandler(() => {
    throw new ApiError({ code: 'API_ROUTE_UNKNOWN' })
  })
  app.addHook('onRequest', async ({ headers }) => {
    if (stopping.signal.aborted) throw new ApiError({ code: 'API_STOPPING' })
    guard({ host: headers.host, authorization: headers.authorization }, init.key)
  })
  app.addHook('preClose', async () => stopping.abort())

  for (const route of ROUTES) register(app, route, { components, init, stopping: stopping.signal })
  // It is made when somebody asks: that takes as long as all the rest of this.
  let document: JsonObject | undefined
  app.get(OPENAPI_PATH, async () => (document ??= openApiDocument(ROUTES, init.version)))
  return app
}

interface RouteSetting {
  readonly components: ApiComponents
  readonly init: AppInit
  readonly stopping: AbortSignal
}

function register(app: FastifyInstance, route: Route, setting: RouteSetting): void {
  const { params, query: querystring, body } = route
  app.route({
    method: route.method,
    url: route.path,
    exposeHeadRoute: false,
    schema: {
      ...(params === undefined ? {} : { params }),
      ...(querystring === undefined ? {} : { querystring }),
      ...(body === undefined ? {} : { body }),
    },
    ...(route.largeBody === true ? { bodyLimit: setting.init.jobBodyBytesMax } : {}),
    handler: async (request, reply) => {
      const gone = new AbortController()
      reply.raw.on('close', () => gone.abort())
      const signal = AbortSignal.any([gone.signal, setting.stopping])
      const context: RouteContext<unknown, unknown, unknown> = {
        backend: setting.components.backend,
        params: request.params,
        query: request.query,
        body: request.body,
        accept: request.headers.accept ?? '',
        signal,
      }
      switch (route.type) {
        case 'answer':
          return answer(reply, route, context)
        case 'file':
          return reply.type(route.mediaType).send(Readable.from(route.open(context)))
        case 'events':
          return stream({ request, reply }, route, context, setting)
        case 'completion':
          return complete({ request, reply }, route, context, setting)
      }
    },
  })
}

type AnswerOf = Extract<Route, { type: 'answer' }>
type CompletionOf = Extract<Route, { type: 'completion' }>
type EventsOf = Extract<Route, { type: 'events' }>
type Context = RouteContext<unknown, unknown, unknown>

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function answer(reply: FastifyReply, route: AnswerOf, context: Context): Promise<unknown> {
  const result = await route.handle(context)
  reply.code(route.status)
  if (result instanceof Uint8Array) {
    return reply.type(route.bytesType ?? 'application/octet-stream').send(result)
  }
  return reply.send(result)
}

async function stream(
  exchange: Exchange,
  route: EventsOf,
  context: Context,
  setting: RouteSetting,
): Promise<unknown> {
  const { request, reply } = exchange
  const afterId = lastEventId(request.headers['last-event-id'])
  const events = route.feed(context).follow(afterId, context.signal)
  reply.hijack()
  await sendEvents(reply.raw, events, {
    heartbeatMs: setting.init.heartbeatMs ?? HEARTBEAT_MS,
    signal: context.signal,
  })
  return reply
}

async function complete(
  exchange: Exchange,
  route: CompletionOf,
  { backend, body, signal }: Context,
  { components, init }: RouteSetting,
): Promise<unknown> {
  return answerCompletion(exchange, route.ask(body), {
    backend,
    signal,
    keepAliveMs: init.heartbeatMs ?? KEEP_ALIVE_MS,
    problemOf: (error) => loggedProblem(components, error, exchange),
  })
}

/** Parses one part of a request; what comes out replaces it, defaults filled in. */
function validator(schema: z.ZodType, part: string) {
  return (data: unknown): { value: unknown } | { error: Error } => {
    const parsed = schema.safeParse(data ?? (part === 'body' ? {} : data))
    if (parsed.success) return { value: parsed.data }
    const [issue] = parsed.error.issues
    const at = [part, ...(issue?.path ?? [])].map(String).join('.')
    const problem = issue === undefined ? 'expected another form' : issueText(issue)
    return { error: new ApiError({ code: 'API_REQUEST_INVALID', at, problem }) }
  }
}

function sendProblem(
  components: ApiComponents,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const problem = loggedProblem(components, ownError(error, request), { request, reply })
  if (problem.code === 'API_UNAUTHORISED') reply.header('www-authenticate', 'Bearer')
  const openAi = OPENAI_ERRORS.get(`${request.method} ${request.routeOptions.url}`)
  // Its client asks again after most failures unless it is told.
  if (openAi !== undefined) reply.header('x-should-retry', String(problem.retryable))
  const told = {
    ...(openAi === 'instead' ? {} : problem),
    ...(openAi === undefined ? {} : openAiError(problem)),
  }
  // Bytes rather than text, or fastify would add a charset, which JSON types do not have.
  const body = Buffer.from(JSON.stringify(told))
  const type = openAi === 'instead' ? 'application/json' : 'application/problem+json'
  void reply.code(problem.status).type(type).send(body)
}

/** What nobody expected leaves its traces here, as nobody else is told. */
function loggedProblem(
  { errorRow, logger }: ApiComponents,
  error: unknown,
  { request, reply }: Exchange,
): Problem {
  const problem = problemOf(error, errorRow)
  // Work that ends because its client is gone has not failed.
  if (problem.code === 'API_INTERNAL' && !reply.raw.destroyed) {
    logger.error('request failed', { error, route: request.routeOptions.url })
  }
  return problem
}

/** Fastify's own refusals as ours; everything else as it is. */
function ownError(error: unknown, request: FastifyRequest): unknown {
  const { code, statusCode } = error as Partial<FastifyError>
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const bytesMax = request.routeOptions.bodyLimit ?? BODY_BYTES_MAX
    return new ApiError({ code: 'API_BODY_TOO_LARGE', bytesMax })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ApiError({ code: 'API_MEDIA_TYPE_UNSUPPORTED' })
  }
  // Codes of a DOMException, such as an AbortError, are numbers.
  const framework = typeof code === 'string' && code.startsWith('FST_ERR')
  const refused = framework || error instanceof SyntaxError
  if (refused && statusCode !== undefined && statusCode < 500) {
    const problem = error instanceof Error ? error.message : 'malformed request'
    return new ApiError({ code: 'API_REQUEST_INVALID', at: '', problem }, { cause: error })
  }
  return error
}
