import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { FramedLink, type LinkInit } from './link.ts'
import type { LinkEnd } from './network.ts'
import { type MemoryStream, memoryStreamPair } from './testing/memory-stream.ts'

const INIT: LinkInit = {
  peer: '12D3KooWPeer' as PeerId,
  frameBytesMax: 200_000,
  bufferBytesMax: 100_000,
  writeBytesMax: 1_000_000,
  closeMsMax: 100,
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const linkOver = (stream: MemoryStream, init: Partial<LinkInit> = {}): FramedLink =>
  new FramedLink(stream, SILENT_LOGGER, { ...INIT, ...init })

interface Heard {
  readonly frames: Uint8Array[]
  readonly ends: LinkEnd[]
}

function listen(link: FramedLink, onFrame?: () => void | Promise<void>): Heard {
  const heard: Heard = { frames: [], ends: [] }
  link.receive({
    onFrame: (frame) => {
      heard.frames.push(frame)
      return onFrame?.()
    },
    onEnd: (end) => heard.ends.push(end),
  })
  return heard
}

it('carries frames both ways, each whole and in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 30_000 }), { maxLength: 20 }),
      async (frames) => {
        const [a, b] = memoryStreamPair().map((stream) => linkOver(stream)) as [
          FramedLink,
          FramedLink,
        ]
        const heardA = listen(a)
        const heardB = listen(b)
        for (const frame of frames) {
          a.send(frame.subarray(0, 7), frame.subarray(7))
          b.send(frame)
        }
        await a.close()
        await settle()
        expect(heardB).toEqual({ frames, ends: ['ended'] })
        expect(heardA.ends).toEqual(['local'])
      },
    ),
    { numRuns: 20 },
  )
})

it('delivers every frame before it says that the other side ended', async () => {
  const [a, b] = memoryStreamPair().map((stream) => linkOver(stream)) as [FramedLink, FramedLink]
  const order: string[] = []
  b.receive({
    onFrame: async (frame) => {
      await settle()
      order.push(`frame ${frame[0]}`)
    },
    onEnd: (end) => order.push(end),
  })
  for (let n = 0; n < 3; n++) a.send(Uint8Array.of(n))
  listen(a)
  await a.close()
  for (let n = 0; n < 10; n++) await settle()
  expect(order).toEqual(['frame 0', 'frame 1', 'frame 2', 'ended'])
  expect([a.open, b.open]).toEqual([false, false])
})

it('reads no further while the listener is busy, and holds the sender back', async () => {
  const windowBytes = 64 * 1024
  const [left, right] = memoryStreamPair(windowBytes)
  const a = linkOver(left, { writeBytesMax: 50_000_000 })
  const { promise: free, resolve: release } = Promise.withResolvers<void>()
  const heard = listen(linkOver(right), () => free)
  for (let n = 0; n < 100; n++) a.send(new Uint8Array(100_000))
  for (let n = 0; n < 50; n++) await settle()
  expect(heard.frames).toHaveLength(1)
  expect(a.bufferedBytes).toBeGreaterThan(10_000_000 - INIT.bufferBytesMax - 4 * windowBytes)

  release()
  await a.drained()
  for (let n = 0; n < 50; n++) await settle()
  expect(heard.frames).toHaveLength(100)
})

it('resets when a frame is longer than allowed', async () => {
  const [left, right] = memoryStreamPair()
  const a = linkOver(left)
  const heardA = listen(a)
  const heardB = listen(linkOver(right, { frameBytesMax: 10 }))
  a.send(new Uint8Array(10))
  a.send(new Uint8Array(11))
  a.send(new Uint8Array(1))
  for (let n = 0; n < 5; n++) await settle()
  expect(heardB).toEqual({ frames: [new Uint8Array(10)], ends: ['reset'] })
  expect(heardA.ends).toEqual(['reset'])
  expect(right.status).toBe('aborted')
})

it('tells of a reset at once, even while the listener is busy', async () => {
  const [left, right] = memoryStreamPair()
  const a = linkOver(left)
  const heard = listen(linkOver(right), () => Promise.withResolvers<void>().promise)
  a.send(Uint8Array.of(1))
  a.send(Uint8Array.of(2))
  await settle()
  a.abort()
  await settle()
  expect(heard).toEqual({ frames: [Uint8Array.of(1)], ends: ['reset'] })
})

it('takes a connection that vanished for a reset, not for an end', async () => {
  const [, right] = memoryStreamPair()
  const heard = listen(linkOver(right))
  right.lose()
  await settle()
  expect(heard.ends).toEqual(['reset'])
})

it('tells of a reset that came before it had a listener', async () => {
  const [left, right] = memoryStreamPair()
  const early = linkOver(right)
  left.abort(new Error('no'))
  await settle()
  const heard = [early, linkOver(right)].map((link) => listen(link))
  await settle()
  expect(heard.map(({ ends }) => ends)).toEqual([['reset'], ['reset']])
})

it('ends once, whatever is done to it', async () => {
  const [left, right] = memoryStreamPair()
  const a = linkOver(left)
  const heardA = listen(a)
  const b = linkOver(right)
  const heardB = listen(b)
  a.abort()
  a.abort()
  await a.close()
  a.send(Uint8Array.of(1))
  await settle()
  b.abort()
  await b.close()
  await a.drained()
  await settle()
  expect([heardA.ends, heardB.ends]).toEqual([['local'], ['reset']])
})

it('gives up a link whose other side takes nothing', async () => {
  const [left, right] = memoryStreamPair()
  right.pause()
  const a = linkOver(left)
  const heard = listen(a)
  for (let n = 0; n < 11; n++) a.send(new Uint8Array(100_000))
  await settle()
  expect(heard.ends).toEqual(['reset'])
  expect(left.status).toBe('aborted')
})

it('does not wait longer than it may for the other side to end', async () => {
  const [left, right] = memoryStreamPair()
  right.pause()
  const a = linkOver(left, { closeMsMax: 20 })
  const heard = listen(a)
  a.send(new Uint8Array(100_000))
  await a.close()
  expect([heard.ends, left.status]).toEqual([['local'], 'aborted'])
})

it('resets when its listener fails', async () => {
  const [left, right] = memoryStreamPair()
  const heard = listen(linkOver(right), () => {
    throw new Error('a bug')
  })
  linkOver(left).send(utf8('x'))
  await settle()
  expect(heard.ends).toEqual(['reset'])
})
