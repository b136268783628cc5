/**
 * One route of the API as a value, from which both the server and its OpenAPI page are made.
 *
 * @module
 */

import type { z } from 'zod'
import type { Backend } from './backend.ts'
import type { EventFeed } from './event-log.ts'
import type { CompletionAsk } from './openai/completion-form.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** What a handler gets; parts without a schema are undefined. */
export interface RouteContext<Params, Query, Body> {
  readonly backend: Backend
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** The Accept header, or an empty text. */
  readonly accept: string
  /** Aborts when the client is gone or the API stops. */
  readonly signal: AbortSignal
}

interface RouteShape<Params, Query, Body> {
  readonly method: Method
  /** As fastify writes it: `/v1/models/:id`. */
  readonly path: string
  /** What it does, in a few words. */
  readonly summary: string
  readonly params?: z.ZodType<Params>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  /** True for routes with large bodies. */
  readonly largeBody?: boolean
  /** Whether failures are told in the form of OpenAI's API: instead of a problem, or in it as `error`. */
  readonly openAiErrors?: 'instead' | 'beside'
}

/** Answers once, with JSON. */
export interface AnswerRoute<Params, Query, Body, Answer> extends RouteShape<Params, Query, Body> {
  readonly type: 'answer'
  readonly status: 200 | 201 | 202 | 204
  /** Absent for an answer without a body. */
  readonly answer?: z.ZodType<Answer>
  /** A second form of the answer, by its media type, for clients whose Accept header names it. */
  readonly bytesType?: string
  handle(context: RouteContext<Params, Query, Body>): Promise<Answer | Uint8Array>
}

/** Answers with a file, piece by piece: it may be larger than memory. */
export interface FileRoute<Query> extends RouteShape<unknown, Query, unknown> {
  readonly type: 'file'
  readonly mediaType: string
  open(context: RouteContext<unknown, Query, unknown>): AsyncIterable<Uint8Array>
}

/** Answers with events until there are no more. */
export interface EventsRoute<Params, Query, Body, Event> extends RouteShape<Params, Query, Body> {
  readonly type: 'events'
  readonly event: z.ZodType<Event>
  feed(context: RouteContext<Params, Query, Body>): EventFeed<Event>
}

/** Answers once or in chunks, as the body says, in the form of OpenAI's API. */
export interface CompletionRoute<Body, Answer, Chunk> extends RouteShape<unknown, unknown, Body> {
  readonly type: 'completion'
  readonly answer: z.ZodType<Answer>
  readonly chunk: z.ZodType<Chunk>
  /** What the body asks for. */
  ask(body: Body): CompletionAsk<Answer, Chunk>
}

/** A route whose types are no longer known: what the server registers. */
export type Route =
  | CompletionRoute<unknown, object, object>
  | FileRoute<unknown>
  | AnswerRoute<unknown, unknown, unknown, unknown>
  | EventsRoute<unknown, unknown, unknown, { readonly type: string }>

/** A route that answers once; its handler is held to its schemas. */
export function answers<Params, Query, Body, Answer>(
  route: Omit<AnswerRoute<Params, Query, Body, Answer>, 'type'>,
): Route {
  // Schemas and handler were checked against each other here; the server parses before it calls.
  return { type: 'answer', ...route } as unknown as Route
}

/** A route that answers with a file; what it reads of the query is held to its schema. */
export function downloads<Query>(route: Omit<FileRoute<Query>, 'type'>): Route {
  return { type: 'file', ...route } as unknown as Route
}

/** A route that answers with events; its feed is held to its schemas. */
export function streams<Params, Query, Body, Event extends { readonly type: string }>(
  route: Omit<EventsRoute<Params, Query, Body, Event>, 'type'>,
): Route {
  return { type: 'events', ...route } as unknown as Route
}

/** A route that answers in the form of OpenAI's API; what it asks for is held to its schemas. */
export function completes<Body, Answer extends object, Chunk extends object>(
  route: Omit<CompletionRoute<Body, Answer, Chunk>, 'type' | 'openAiErrors'>,
): Route {
  return { type: 'completion', openAiErrors: 'instead', ...route } as unknown as Route
}
