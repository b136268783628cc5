/**
 * The holder's side: who is served next, and how much at once.
 *
 * Links take turns, so that one that asks for much does not starve one that asks for
 * little; only so many chunks are in memory at a time, and so many of one link.
 *
 *     want → queued → (its turn) read → sent to the link → (taken by the transport) done
 *     describe → queued → (its turn) hashed → sent to the link, done
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { chunkCount, chunkLength, type BlobRef } from './blob-ref.ts'
import type { ChunkSet } from './chunk-set.ts'
import type { BlocksFault } from './errors.ts'
import {
  CHUNK_BYTES,
  DESCRIBED_BYTES_MAX,
  DESCRIBES_IN_FLIGHT_MAX,
  WANTS_IN_FLIGHT_MAX,
} from './limits.ts'
import type { BlocksMessage, Describe, Holding, RefusalCode, Want } from './messages.ts'

/** What this device has of a blob: its size, and which chunks when not all. */
export interface Held {
  /** Size of the whole blob. */
  readonly bytes: number
  /** Absent for a whole blob. */
  readonly chunks?: ChunkSet
}

export interface ServerComponents {
  /** What is held of a blob now; undefined for nothing. */
  held(blob: BlobId): Held | undefined
}

export interface ServerInit {
  /** Chunks of all links that are being read or sent at once; a blob that is hashed counts as one. */
  readonly chunksActiveMax: number
  /** The same, of one link. */
  readonly chunksActivePerLinkMax: number
}

/** `link` is any name of a link that is never used again for another one. */
export type ServerInput =
  | { readonly type: 'link-up'; readonly link: number }
  | { readonly type: 'link-down'; readonly link: number }
  | { readonly type: 'message'; readonly link: number; readonly message: BlocksMessage }
  /** The read that was asked for is done; without `data` it failed. */
  | {
      readonly type: 'read'
      readonly link: number
      readonly request: number
      readonly data?: Uint8Array
    }
  /** The description that was asked for is done; without `ref` it failed. */
  | {
      readonly type: 'described'
      readonly link: number
      readonly request: number
      readonly ref?: BlobRef
    }
  /** The link can take more after the chunk of `request` was handed to it. */
  | { readonly type: 'sent'; readonly link: number; readonly request: number }

export type ServerOutput =
  | { readonly type: 'send'; readonly link: number; readonly message: BlocksMessage }
  | {
      readonly type: 'read'
      readonly link: number
      readonly request: number
      readonly blob: BlobId
      /** Bytes from the start of the blob. */
      readonly offset: number
      readonly length: number
    }
  /** Hash a blob that is held whole, then feed `described`. */
  | {
      readonly type: 'describe'
      readonly link: number
      readonly request: number
      readonly blob: BlobId
    }
  /** The link is to be closed: the peer broke the protocol. */
  | { readonly type: 'fault'; readonly link: number; readonly code: BlocksFault }

/** What a fetcher may ask for that takes the disk's time. */
type Asked = Want | Describe

interface ActiveRequest {
  readonly asked: Asked
  /** False once it was cancelled, or its chunk was handed to the link: the peer may then ask for another. */
  open: boolean
}

interface ServedLink {
  readonly queued: Map<number, Asked>
  readonly active: Map<number, ActiveRequest>
}

export class ServerMachine implements Machine<ServerInput, ServerOutput> {
  readonly #components: ServerComponents
  readonly #init: ServerInit
  /** In the order in which they take turns: who was served goes to the end. */
  readonly #links = new Map<number, ServedLink>()
  #active = 0

  constructor(components: ServerComponents, init: ServerInit) {
    this.#components = components
    this.#init = init
  }

  handle(input: ServerInput | TimePassed): readonly ServerOutput[] {
    switch (input.type) {
      case 'link-up':
        this.#links.set(input.link, { queued: new Map(), active: new Map() })
        return []
      case 'link-down':
        this.#active -= this.#links.get(input.link)?.active.size ?? 0
        this.#links.delete(input.link)
        return this.#next()
      case 'message':
        return this.#onMessage(input.link, input.message)
      case 'read':
        return this.#onRead(input.link, input.request, input.data)
      case 'described':
        return this.#onDescribed(input.link, input.request, input.ref)
      case 'sent':
        return this.#end(input.link, input.request)
      case 'time-passed':
        return []
    }
  }

  /** Nothing here waits for time: a link that takes nothing holds up only its own chunks. */
  deadlineMs(): undefined {
    return undefined
  }

  #onMessage(link: number, message: BlocksMessage): readonly ServerOutput[] {
    const served = this.#links.get(link)
    if (served === undefined) return []
    switch (message.type) {
      case 'query': {
        const holdings = message.blobs.map((blob) => this.#holding(blob))
        return [
          { type: 'send', link, message: { type: 'have', request: message.request, holdings } },
        ]
      }
      case 'want':
      case 'describe':
        return this.#onAsked(link, served, message)
      case 'cancel': {
        served.queued.delete(message.request)
        const active = served.active.get(message.request)
        if (active !== undefined) active.open = false
        return []
      }
      case 'have':
      case 'refuse':
      case 'described':
      case 'chunk':
        return [{ type: 'fault', link, code: 'BLOCKS_MESSAGE_UNEXPECTED' }]
    }
  }

  #onAsked(link: number, served: ServedLink, asked: Asked): readonly ServerOutput[] {
    const { type, request } = asked
    if (served.queued.has(request) || served.active.has(request)) {
      return [{ type: 'fault', link, code: 'BLOCKS_MESSAGE_UNEXPECTED' }]
    }
    const max = type === 'want' ? WANTS_IN_FLIGHT_MAX : DESCRIBES_IN_FLIGHT_MAX
    if (unanswered(served, type) >= max) {
      return [{ type: 'fault', link, code: 'BLOCKS_REQUESTS_TOO_MANY' }]
    }
    const code = this.#refusalOf(asked)
    if (code !== undefined) return [refusal(link, request, code)]
    served.queued.set(request, asked)
    return this.#next()
  }

  #onRead(link: number, request: number, data: Uint8Array | undefined): readonly ServerOutput[] {
    const active = this.#links.get(link)?.active.get(request)
    if (active?.asked.type !== 'want') return []
    if (!active.open) return this.#end(link, request)
    active.open = false
    if (data === undefined) return [refusal(link, request, 'failed'), ...this.#end(link, request)]
    const { index } = active.asked
    return [{ type: 'send', link, message: { type: 'chunk', request, index, data } }]
  }

  #onDescribed(link: number, request: number, ref: BlobRef | undefined): readonly ServerOutput[] {
    const active = this.#links.get(link)?.active.get(request)
    if (active?.asked.type !== 'describe') return []
    const ended = this.#end(link, request)
    if (!active.open) return ended
    if (ref === undefined) return [refusal(link, request, 'failed'), ...ended]
    const { bytes, chunkHashes } = ref
    const message = { type: 'described', request, bytes, chunkHashes } as const
    return [{ type: 'send', link, message }, ...ended]
  }

  #end(link: number, request: number): readonly ServerOutput[] {
    if (this.#links.get(link)?.active.delete(request) === true) this.#active--
    return this.#next()
  }

  /** Starts as much as may run, one link after another. */
  #next(): readonly ServerOutput[] {
    const outputs: ServerOutput[] = []
    while (this.#active < this.#init.chunksActiveMax) {
      const output = this.#nextOfOne()
      if (output === undefined) break
      outputs.push(output)
    }
    return outputs
  }

  #nextOfOne(): ServerOutput | undefined {
    for (const [link, served] of this.#links) {
      const [asked] = served.queued.values()
      if (asked === undefined || served.active.size >= this.#init.chunksActivePerLinkMax) continue
      this.#links.delete(link)
      this.#links.set(link, served)
      const { request, blob } = asked
      served.queued.delete(request)
      // What was held when it was queued may be gone by its turn.
      const code = this.#refusalOf(asked)
      if (code !== undefined) return refusal(link, request, code)
      served.active.set(request, { asked, open: true })
      this.#active++
      if (asked.type === 'describe') return { type: 'describe', link, request, blob }
      const length = chunkLength(this.#components.held(blob)?.bytes ?? 0, asked.index)
      return { type: 'read', link, request, blob, offset: asked.index * CHUNK_BYTES, length }
    }
    return undefined
  }

  /** Why `asked` is not served now; undefined when it may be. */
  #refusalOf(asked: Asked): RefusalCode | undefined {
    const held = this.#components.held(asked.blob)
    if (held === undefined) return 'not-held'
    if (asked.type === 'describe') {
      if (held.chunks !== undefined) return 'not-held'
      return held.bytes > DESCRIBED_BYTES_MAX ? 'too-large' : undefined
    }
    const isHeld = held.chunks === undefined || held.chunks.has(asked.index)
    return isHeld && asked.index < chunkCount(held.bytes) ? undefined : 'not-held'
  }

  #holding(blob: BlobId): Holding {
    const held = this.#components.held(blob)
    if (held === undefined || held.chunks?.size === 0) {
      return { blob, held: 'none', bits: new Uint8Array() }
    }
    if (held.chunks === undefined) return { blob, held: 'whole', bits: new Uint8Array() }
    return { blob, held: 'some', bits: held.chunks.toBits() }
  }
}

/** Requests of one type that were neither answered nor taken back. */
function unanswered({ queued, active }: ServedLink, type: Asked['type']): number {
  const open = [...active.values()].filter((request) => request.open).map(({ asked }) => asked)
  return [...queued.values(), ...open].filter((asked) => asked.type === type).length
}

function refusal(link: number, request: number, code: RefusalCode): ServerOutput {
  return { type: 'send', link, message: { type: 'refuse', request, code } }
}
