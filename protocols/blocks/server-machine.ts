/**
 * The holder's side: who is served next, and how much at once.
 *
 * Links take turns, so that one that asks for much does not starve one that asks for
 * little; only so many chunks are in memory at a time, and so many of one link.
 *
 *     want → queued → (its turn) read → sent to the link → (taken by the transport) done
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { chunkCount, chunkLength } from './blob-ref.ts'
import type { ChunkSet } from './chunk-set.ts'
import type { BlocksFault } from './errors.ts'
import { CHUNK_BYTES, WANTS_IN_FLIGHT_MAX } from './limits.ts'
import type { BlocksMessage, Holding, RefusalCode, Want } from './messages.ts'

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
  /** Chunks of all links that are being read or sent at once. */
  readonly chunksActiveMax: number
  /** Chunks of one link that are being read or sent at once. */
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
  /** The link is to be closed: the peer broke the protocol. */
  | { readonly type: 'fault'; readonly link: number; readonly code: BlocksFault }

interface ActiveWant {
  readonly want: Want
  /** False once it was cancelled, or its chunk was handed to the link: the peer may then ask for another. */
  open: boolean
}

interface ServedLink {
  readonly queued: Map<number, Want>
  readonly active: Map<number, ActiveWant>
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
        return this.#onWant(link, served, message)
      case 'cancel': {
        served.queued.delete(message.request)
        const active = served.active.get(message.request)
        if (active !== undefined) active.open = false
        return []
      }
      case 'have':
      case 'refuse':
      case 'chunk':
        return [{ type: 'fault', link, code: 'BLOCKS_MESSAGE_UNEXPECTED' }]
    }
  }

  #onWant(link: number, served: ServedLink, want: Want): readonly ServerOutput[] {
    if (served.queued.has(want.request) || served.active.has(want.request)) {
      return [{ type: 'fault', link, code: 'BLOCKS_MESSAGE_UNEXPECTED' }]
    }
    const active = [...served.active.values()].filter(({ open }) => open).length
    if (served.queued.size + active >= WANTS_IN_FLIGHT_MAX) {
      return [{ type: 'fault', link, code: 'BLOCKS_REQUESTS_TOO_MANY' }]
    }
    if (!this.#holds(want)) return [refusal(link, want.request, 'not-held')]
    served.queued.set(want.request, want)
    return this.#next()
  }

  #onRead(link: number, request: number, data: Uint8Array | undefined): readonly ServerOutput[] {
    const active = this.#links.get(link)?.active.get(request)
    if (active === undefined) return []
    if (!active.open) return this.#end(link, request)
    active.open = false
    if (data === undefined) return [refusal(link, request, 'failed'), ...this.#end(link, request)]
    const message = { type: 'chunk', request, index: active.want.index, data } as const
    return [{ type: 'send', link, message }]
  }

  #end(link: number, request: number): readonly ServerOutput[] {
    if (this.#links.get(link)?.active.delete(request) === true) this.#active--
    return this.#next()
  }

  /** Starts as many reads as may run, one link after another. */
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
      const [want] = served.queued.values()
      if (want === undefined || served.active.size >= this.#init.chunksActivePerLinkMax) continue
      this.#links.delete(link)
      this.#links.set(link, served)
      served.queued.delete(want.request)
      // What was held when it was queued may be gone by its turn.
      const held = this.#components.held(want.blob)
      if (held === undefined || !this.#holds(want)) return refusal(link, want.request, 'not-held')
      served.active.set(want.request, { want, open: true })
      this.#active++
      const offset = want.index * CHUNK_BYTES
      const length = chunkLength(held.bytes, want.index)
      return { type: 'read', link, request: want.request, blob: want.blob, offset, length }
    }
    return undefined
  }

  #holds(want: Want): boolean {
    const held = this.#components.held(want.blob)
    if (held === undefined || want.index >= chunkCount(held.bytes)) return false
    return held.chunks === undefined || held.chunks.has(want.index)
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

function refusal(link: number, request: number, code: RefusalCode): ServerOutput {
  return { type: 'send', link, message: { type: 'refuse', request, code } }
}
