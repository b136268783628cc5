import { describe, expect, it } from 'vitest'
import type { BlobId } from '../../core/ids.ts'
import { ChunkSet } from './chunk-set.ts'
import { CHUNK_BYTES, DESCRIBED_BYTES_MAX, WANTS_IN_FLIGHT_MAX } from './limits.ts'
import { ServerMachine, type Held, type ServerInput } from './server-machine.ts'

const WHOLE = 'aa'.repeat(32) as BlobId
const PARTIAL = 'bb'.repeat(32) as BlobId
const NONE = 'cc'.repeat(32) as BlobId
const SMALL = 'dd'.repeat(32) as BlobId

function held(blob: BlobId): Held | undefined {
  if (blob === WHOLE) return { bytes: 100 * CHUNK_BYTES + 5 }
  if (blob === SMALL) return { bytes: DESCRIBED_BYTES_MAX }
  if (blob !== PARTIAL) return undefined
  const chunks = new ChunkSet(3)
  chunks.add(1)
  return { bytes: 3 * CHUNK_BYTES, chunks }
}

function machine(...links: readonly number[]): ServerMachine {
  const server = new ServerMachine({ held }, { chunksActiveMax: 3, chunksActivePerLinkMax: 2 })
  for (const link of links) server.handle({ type: 'link-up', link })
  return server
}

function want(link: number, request: number, index = request, blob = WHOLE): ServerInput {
  return { type: 'message', link, message: { type: 'want', request, blob, index } }
}

function describeOf(link: number, request: number, blob = SMALL): ServerInput {
  return { type: 'message', link, message: { type: 'describe', request, blob } }
}

function refusal(link: number, request: number, code: string): object {
  return { type: 'send', link, message: { type: 'refuse', request, code } }
}

describe('server machine', () => {
  it('says what it has', () => {
    const message = { type: 'query', request: 7, blobs: [WHOLE, PARTIAL, NONE] } as const
    const bits = new Uint8Array()
    expect(machine(1).handle({ type: 'message', link: 1, message })).toEqual([
      {
        type: 'send',
        link: 1,
        message: {
          type: 'have',
          request: 7,
          holdings: [
            { blob: WHOLE, held: 'whole', bits },
            { blob: PARTIAL, held: 'some', bits: Uint8Array.of(2) },
            { blob: NONE, held: 'none', bits },
          ],
        },
      },
    ])
  })

  it('serves links in turn, and only so much at once', () => {
    const server = machine(1, 2)
    const reads = [want(1, 0), want(1, 1), want(1, 2), want(2, 0), want(2, 1)].map((input) =>
      server.handle(input).map((output) => output.type === 'read' && [output.link, output.request]),
    )
    expect(reads).toEqual([[[1, 0]], [[1, 1]], [], [[2, 0]], []])

    const data = new Uint8Array(CHUNK_BYTES)
    expect(server.handle({ type: 'read', link: 1, request: 0, data })).toEqual([
      { type: 'send', link: 1, message: { type: 'chunk', request: 0, index: 0, data } },
    ])
    expect(server.handle({ type: 'sent', link: 1, request: 0 })).toMatchObject([
      { type: 'read', link: 1, request: 2 },
    ])
    expect(server.handle({ type: 'link-down', link: 1 })).toMatchObject([
      { type: 'read', link: 2, request: 1 },
    ])
  })

  it('reads the bytes of the chunk and no more', () => {
    const offset = 100 * CHUNK_BYTES
    expect(machine(1).handle(want(1, 9, 100))).toEqual([
      { type: 'read', link: 1, request: 9, blob: WHOLE, offset, length: 5 },
    ])
  })

  it('refuses what it does not hold and what it cannot read', () => {
    const server = machine(1)
    expect(server.handle(want(1, 0, 101))).toEqual([refusal(1, 0, 'not-held')])
    expect(server.handle(want(1, 1, 0, PARTIAL))).toEqual([refusal(1, 1, 'not-held')])
    expect(server.handle(want(1, 2, 0, NONE))).toEqual([refusal(1, 2, 'not-held')])
    expect(server.handle(want(1, 3, 1, PARTIAL))).toMatchObject([{ type: 'read', request: 3 }])
    expect(server.handle({ type: 'read', link: 1, request: 3 })).toEqual([refusal(1, 3, 'failed')])
  })

  it('describes small blobs that it holds whole, in turn with chunks', () => {
    const server = machine(1, 2)
    const asked = { type: 'describe', link: 1, request: 0, blob: SMALL }
    expect(server.handle(describeOf(1, 0))).toEqual([asked])
    expect([want(1, 1), want(1, 2)].map((input) => server.handle(input).length)).toEqual([1, 0])
    const ref = { id: SMALL, bytes: 3, chunkHashes: [new Uint8Array(32)] }
    expect(server.handle({ type: 'described', link: 1, request: 0, ref })).toMatchObject([
      {
        type: 'send',
        link: 1,
        message: { type: 'described', request: 0, bytes: 3, chunkHashes: ref.chunkHashes },
      },
      { type: 'read', link: 1, request: 2 },
    ])
    expect(server.handle({ type: 'described', link: 1, request: 1, ref })).toEqual([])
    expect(server.handle({ type: 'described', link: 1, request: 0 })).toEqual([])
  })

  it('refuses to describe what is too large, in pieces, not here or not readable', () => {
    const server = machine(1)
    expect(server.handle(describeOf(1, 0, WHOLE))).toEqual([refusal(1, 0, 'too-large')])
    expect(server.handle(describeOf(1, 1, PARTIAL))).toEqual([refusal(1, 1, 'not-held')])
    expect(server.handle(describeOf(1, 2, NONE))).toEqual([refusal(1, 2, 'not-held')])
    server.handle(describeOf(1, 3))
    expect(server.handle({ type: 'described', link: 1, request: 3 })).toEqual([
      refusal(1, 3, 'failed'),
    ])
  })

  it('describes one blob of a link at a time, and none that was taken back', () => {
    const server = machine(1, 2)
    server.handle(describeOf(1, 0))
    expect(server.handle(describeOf(1, 1))).toEqual([
      { type: 'fault', link: 1, code: 'BLOCKS_REQUESTS_TOO_MANY' },
    ])
    server.handle(describeOf(2, 0))
    server.handle({ type: 'message', link: 2, message: { type: 'cancel', request: 0 } })
    expect(server.handle(describeOf(2, 1))).toMatchObject([{ type: 'describe', request: 1 }])
    const ref = { id: SMALL, bytes: 0, chunkHashes: [] }
    expect(server.handle({ type: 'described', link: 2, request: 0, ref })).toEqual([])
  })

  it('forgets a want that was taken back, before and while it is read', () => {
    const server = machine(1)
    for (const request of [0, 1, 2]) server.handle(want(1, request))
    for (const request of [0, 2]) {
      server.handle({ type: 'message', link: 1, message: { type: 'cancel', request } })
    }
    const data = new Uint8Array(CHUNK_BYTES)
    expect(server.handle({ type: 'read', link: 1, request: 0, data })).toEqual([])
    expect(server.handle({ type: 'sent', link: 1, request: 1 })).toEqual([])
  })

  it('faults a peer that asks for too much, twice, or answers', () => {
    const server = machine(1, 2, 3)
    for (let request = 0; request < WANTS_IN_FLIGHT_MAX; request++) server.handle(want(1, request))
    expect(server.handle(want(1, 99))).toEqual([
      { type: 'fault', link: 1, code: 'BLOCKS_REQUESTS_TOO_MANY' },
    ])
    server.handle(want(2, 0))
    expect(server.handle(want(2, 0))).toEqual([
      { type: 'fault', link: 2, code: 'BLOCKS_MESSAGE_UNEXPECTED' },
    ])
    const message = { type: 'refuse', request: 0, code: 'busy' } as const
    expect(server.handle({ type: 'message', link: 3, message })).toEqual([
      { type: 'fault', link: 3, code: 'BLOCKS_MESSAGE_UNEXPECTED' },
    ])
  })

  it('counts a want as answered once its chunk was handed to the link', () => {
    const server = machine(1)
    for (let request = 0; request < WANTS_IN_FLIGHT_MAX; request++) server.handle(want(1, request))
    const data = new Uint8Array(CHUNK_BYTES)
    server.handle({ type: 'read', link: 1, request: 0, data })
    expect(server.handle(want(1, 50))).toEqual([])
  })

  it('passes over what belongs to a link that is gone', () => {
    const server = machine(1)
    server.handle(want(1, 0))
    server.handle({ type: 'link-down', link: 1 })
    expect(server.handle(want(1, 1))).toEqual([])
    expect(server.handle({ type: 'read', link: 1, request: 0 })).toEqual([])
    expect(server.handle({ type: 'sent', link: 1, request: 0 })).toEqual([])
    expect(server.deadlineMs()).toBeUndefined()
  })
})
