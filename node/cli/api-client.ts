/**
 * Asks the daemon of a state folder, over its HTTP API.
 *
 * On node:http rather than fetch: it loads faster, and most commands ask one question.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { type ApiConnection, connectionFile } from '../api/connection.ts'
import { ApiError } from '../api/errors.ts'
import type { Problem } from '../api/schemas/problem.ts'
import { CliError } from './errors.ts'
import { EventReader } from './event-reader.ts'

/** The daemon refused, and said why. */
export class RemoteProblem extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

/** Time without a byte after which an answer is given up; joins and plans take a while. */
const ANSWER_TIMEOUT_MS = 120_000
/** Time without a byte after which an event stream counts as lost: several heartbeats. */
const EVENTS_TIMEOUT_MS = 45_000
/** Times that a lost event stream is taken up again before the daemon counts as gone. */
const RESUMES_MAX = 3

interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export class ApiClient {
  readonly #stateDir: string
  readonly #url: string
  readonly #key: string

  /** @param url - Without a slash at the end. */
  constructor(stateDir: string, url: string, key: string) {
    this.#stateDir = stateDir
    this.#url = url
    this.#key = key
  }

  /** A client of the daemon that runs in `stateDir`. @throws {ApiError} `API_DAEMON_NOT_RUNNING`. */
  static async fromStateDir(stateDir: string): Promise<ApiClient> {
    try {
      const text = await readFile(connectionFile(stateDir), 'utf8')
      const { url, keyFile } = JSON.parse(text) as ApiConnection
      return new ApiClient(stateDir, url, (await readFile(keyFile, 'utf8')).trim())
    } catch (error) {
      throw new ApiError({ code: 'API_DAEMON_NOT_RUNNING', stateDir }, { cause: error })
    }
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#json({ method: 'GET', path })
  }

  post<Answer>(path: string, body?: object, signal?: AbortSignal): Promise<Answer> {
    return this.#json({
      method: 'POST',
      path,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  delete<Answer>(path: string): Promise<Answer> {
    return this.#json({ method: 'DELETE', path })
  }

  /** An answer as bytes of type `mediaType`. */
  async bytes(path: string, mediaType: string): Promise<Uint8Array> {
    return readAll(await this.#ask({ method: 'GET', path, headers: { accept: mediaType } }))
  }

  /** An answer piece by piece: it may be larger than memory. */
  async *pieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for await (const piece of await this.#ask({ method: 'GET', path, signal })) {
      yield piece as Uint8Array
    }
  }

  /** The events of `path` until there are no more. A stream that breaks off is taken up again. */
  async *events<Event>(path: string, signal: AbortSignal): AsyncGenerator<Event> {
    let lastId = 0
    let resumes = 0
    while (!signal.aborted) {
      const reader = new EventReader()
      const headers = lastId === 0 ? {} : { 'last-event-id': String(lastId) }
      try {
        const response = await this.#ask({
          method: 'GET',
          path,
          headers,
          timeoutMs: EVENTS_TIMEOUT_MS,
          signal,
        })
        for await (const { id, data } of reader.follow(response)) {
          lastId = id
          resumes = 0
          yield data as Event
        }
        return
      } catch (error) {
        // What a daemon says is final; only a connection that broke is worth another try.
        if (signal.aborted || error instanceof RemoteProblem || resumes === RESUMES_MAX) throw error
        resumes++
      }
    }
  }

  async #json<Answer>(ask: Ask): Promise<Answer> {
    const bytes = await readAll(await this.#ask(ask))
    return parseJson(bytes, ask.path) as Answer
  }

  /** The response, once its head says that all is well. */
  async #ask(ask: Ask): Promise<IncomingMessage> {
    const body = ask.body === undefined ? undefined : Buffer.from(JSON.stringify(ask.body))
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const timeoutMs = ask.timeoutMs ?? ANSWER_TIMEOUT_MS
    const outgoing = request(`${this.#url}${ask.path}`, {
      method: ask.method,
      agent: false,
      timeout: timeoutMs,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': body.length }),
        ...ask.headers,
      },
      ...(ask.signal === undefined ? {} : { signal: ask.signal }),
    })
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(this.#connectionError(error)))
    outgoing.on('timeout', () => {
      outgoing.destroy(new CliError({ code: 'CLI_TIMED_OUT', path: ask.path, timeoutMs }))
    })
    outgoing.end(body)

    const response = await promise
    if ((response.statusCode ?? 500) < 400) return response
    throw new RemoteProblem(asProblem(parseJson(await readAll(response), ask.path), ask.path))
  }

  #connectionError(error: Error): Error {
    const refused = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE']
    if (!refused.includes((error as NodeJS.ErrnoException).code ?? '')) return error
    const stateDir = this.#stateDir
    return new ApiError({ code: 'API_DAEMON_NOT_RUNNING', stateDir }, { cause: error })
  }
}

async function readAll(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

function parseJson(bytes: Uint8Array, path: string): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new CliError({ code: 'CLI_RESPONSE_INVALID', path }, { cause: error })
  }
}

function asProblem(answer: unknown, path: string): Problem {
  if (typeof answer === 'object' && answer !== null && 'code' in answer && 'exit' in answer) {
    return answer as Problem
  }
  throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
}
