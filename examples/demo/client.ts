/**
 * What the demo asks of a daemon, over its HTTP API.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { decodeCbor, type CborValue } from '../../core/canonical-cbor.ts'
import { TENSOR_TYPES, type Tensor, type TensorType } from '../../core/tensor.ts'
import type { JobEvent, JobSpec, JobView } from '../../node/api/schemas/jobs.ts'
import type { Invite, Mesh } from '../../node/api/schemas/mesh.ts'
import type { ImportRequest, ModelSummary } from '../../node/api/schemas/models.ts'
import type {
  OperationEvent,
  OperationProgress,
  OperationRef,
} from '../../node/api/schemas/operations.ts'
import type { PeerList } from '../../node/api/schemas/peers.ts'
import type { PlanRequest, PlanView } from '../../node/api/schemas/plan.ts'
import type { Problem } from '../../node/api/schemas/problem.ts'
import type { Status } from '../../node/api/schemas/status.ts'
import type { TextEventView, TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { DemoError } from './errors.ts'
import { readEvents } from './server-sent-events.ts'

/** Where a daemon listens, as its `api.json` says. */
export interface ApiAddress {
  readonly url: string
  readonly keyFile: string
}

/** A model to run, on which inputs and how. */
export interface RunRequest extends Omit<JobSpec, 'inputs'> {
  /** Tensors of one run each. */
  readonly inputs: readonly (readonly Tensor[])[]
}

/** One daemon's API. Every call ends early when `signal` aborts. */
export class DaemonClient {
  readonly address: ApiAddress
  readonly #key: string
  readonly #signal: AbortSignal

  constructor(address: ApiAddress, key: string, signal: AbortSignal) {
    this.address = address
    this.#key = key
    this.#signal = signal
  }

  /** A client with the key that `address` names. */
  static async fromAddress(address: ApiAddress, signal: AbortSignal): Promise<DaemonClient> {
    const key = await readFile(address.keyFile, 'utf8')
    return new DaemonClient(address, key.trim(), signal)
  }

  status(): Promise<Status> {
    return this.#json('GET', '/v1/status')
  }

  peers(): Promise<PeerList> {
    return this.#json('GET', '/v1/peers')
  }

  createMesh(name: string): Promise<Mesh> {
    return this.#json('POST', '/v1/mesh', { name })
  }

  /** A code that `uses` devices may join with. */
  invite(uses: number): Promise<Invite> {
    return this.#json('POST', '/v1/mesh/invites', { uses, ttlMs: 600_000, role: 'worker' })
  }

  join(code: string): Promise<Mesh> {
    return this.#json('POST', '/v1/mesh/join', { code })
  }

  /** Imports a model file and resolves when it is in the store. */
  async importModel(
    request: ImportRequest,
    onProgress: (progress: OperationProgress) => void,
  ): Promise<ModelSummary> {
    const { operation } = await this.#json<OperationRef>('POST', '/v1/models/import', request)
    for await (const event of this.#events<OperationEvent>(`/v1/operations/${operation}/events`)) {
      if (event.type === 'progress') onProgress(event)
      if (event.type === 'failed') throw requestError(event.error)
      if (event.type === 'done' && event.result) return event.result
    }
    throw new DemoError(
      { code: 'DEMO_REQUEST_FAILED', cause: 'none', hint: 'the import ended without a result' },
      `expected the import of ${request.file} to end with a model`,
    )
  }

  plan(request: PlanRequest): Promise<PlanView> {
    return this.#json('POST', '/v1/plan', request)
  }

  submit({ inputs, ...rest }: RunRequest): Promise<JobView> {
    const items = inputs.map((tensors) =>
      Object.fromEntries(
        tensors.map(({ name, type, dims, data }) => [
          name,
          { type, dims: [...dims], data: base64(data) },
        ]),
      ),
    )
    return this.#json('POST', '/v1/jobs', { ...rest, inputs: items } satisfies JobSpec)
  }

  job(id: string): Promise<JobView> {
    return this.#json('GET', `/v1/jobs/${id}`)
  }

  /** What happens to a job from now on, up to its end. */
  jobEvents(id: string): AsyncIterable<JobEvent> {
    return this.#events<JobEvent>(`/v1/jobs/${id}/events`)
  }

  /** The output tensors of each input of a finished job. */
  async outputs(id: string): Promise<Tensor[][]> {
    const path = `/v1/jobs/${id}/outputs`
    const response = await this.#fetch('GET', path, { accept: 'application/cbor' })
    const decoded = decodeCbor(new Uint8Array(await response.arrayBuffer()))
    const outputs = decoded.type === 'value' ? tensorLists(decoded.value) : undefined
    if (outputs) return outputs
    throw new DemoError(
      { code: 'DEMO_REQUEST_FAILED', cause: 'none', hint: 'the outputs are no list of tensors' },
      `expected the tensors of job ${id}, got something else`,
    )
  }

  write(request: TextSpec): Promise<TextView> {
    return this.#json('POST', '/v1/texts', request)
  }

  text(id: string): Promise<TextView> {
    return this.#json('GET', `/v1/texts/${id}`)
  }

  /** What happens to a text from its beginning to its end. */
  textEvents(id: string): AsyncIterable<TextEventView> {
    return this.#events<TextEventView>(`/v1/texts/${id}/events`)
  }

  async *#events<Event>(path: string): AsyncGenerator<Event> {
    const response = await this.#fetch('GET', path, { accept: 'text/event-stream' })
    if (response.body === null) return
    for await (const data of readEvents(response.body)) yield JSON.parse(data) as Event
  }

  async #json<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(method, path, { accept: 'application/json' }, body)
    return (await response.json()) as Answer
  }

  async #fetch(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Response> {
    const typed = body === undefined ? {} : { 'content-type': 'application/json' }
    const request = {
      method,
      headers: { ...headers, ...typed, authorization: `Bearer ${this.#key}` },
      signal: this.#signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }
    const response = await this.#send(path, request)
    if (response.ok) return response
    throw requestError((await response.json()) as Problem)
  }

  async #send(path: string, request: RequestInit): Promise<Response> {
    const { url } = this.address
    try {
      return await fetch(`${url}${path}`, request)
    } catch (cause) {
      this.#signal.throwIfAborted()
      const message = `expected an answer from ${url}, got none`
      throw new DemoError({ code: 'DEMO_DAEMON_UNREACHABLE', url }, message, { cause })
    }
  }
}

/** The error for a failure that a daemon reported. */
export function requestError({ code, detail, hint }: Problem): DemoError {
  return new DemoError({ code: 'DEMO_REQUEST_FAILED', cause: code, hint }, `${code}: ${detail}`)
}

function base64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}

/** Lists of `[name, type, dims, bytes]`, or undefined when `value` is something else. */
function tensorLists(value: CborValue): Tensor[][] | undefined {
  const lists = listOf(value)?.map((item) => listOf(item)?.map(tensorOf))
  const whole = lists?.every((list) => list?.every((tensor) => tensor !== undefined))
  return whole ? (lists as Tensor[][]) : undefined
}

function tensorOf(value: CborValue): Tensor | undefined {
  const [name, type, dims, data] = listOf(value) ?? []
  const sizes = listOf(dims ?? null)?.filter((size) => typeof size === 'number')
  if (typeof name !== 'string' || typeof type !== 'string' || !(type in TENSOR_TYPES)) return
  if (!sizes || !(data instanceof Uint8Array)) return
  return { name, type: type as TensorType, dims: sizes, data }
}

function listOf(value: CborValue): readonly CborValue[] | undefined {
  return Array.isArray(value) ? (value as readonly CborValue[]) : undefined
}
