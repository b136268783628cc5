import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  WireReader,
  WireWriter,
  type Envelope,
  type InferenceMessage,
} from '../../protocols/inference/index.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import type { Link, LinkListener } from '../network/network.ts'
import { InferenceLink } from './inference-link.ts'
import type { LentUplink } from './lending.ts'

/** A link whose other side reads only when it is told to. */
class SlowLink implements Link {
  readonly peer = 'peer' as PeerId
  readonly frames: Uint8Array[] = []
  open = true
  bufferedBytes = 0
  listener: LinkListener | undefined
  #drained = Promise.withResolvers<void>()

  send(...chunks: readonly Uint8Array[]): void {
    if (!this.open) throw new Error('sent on a link that is over')
    const frame = concatBytes(chunks)
    this.frames.push(frame)
    this.bufferedBytes += frame.length
  }

  drained(): Promise<void> {
    return this.open ? this.#drained.promise : Promise.resolve()
  }

  receive(listener: LinkListener): void {
    this.listener = listener
  }

  async close(): Promise<void> {
    this.abort()
  }

  abort(): void {
    this.open = false
    this.listener?.onEnd('local')
    this.#drained.resolve()
  }

  /** Takes all that is buffered, and lets the sender go on. */
  async take(): Promise<void> {
    this.bufferedBytes = 0
    this.#drained.resolve()
    this.#drained = Promise.withResolvers()
    await settle()
  }

  /** What arrived, in the order in which it was complete. */
  get messages(): readonly string[] {
    const reader = new WireReader(crc32)
    return this.frames.flatMap((frame) => {
      const read = reader.read(frame)
      if (read.type === 'message') return `${read.envelope.slot} ${read.envelope.message.type}`
      return read.type === 'fault' ? 'fault' : []
    })
  }
}

const MEBIBYTE = 1_048_576

function step(bytes: number): InferenceMessage {
  const data = new Uint8Array(bytes)
  const tensors = [{ name: 'x', type: 'uint8' as const, dims: [bytes], data }]
  return { type: 'step', request: 0, hops: [], tensors, leaf: new Uint8Array(8) }
}

const ping: InferenceMessage = { type: 'ping' }
const release: InferenceMessage = { type: 'release', request: 1 }

function linked(uplink?: LentUplink) {
  const link = new SlowLink()
  const seen: unknown[] = []
  const inference = new InferenceLink(
    link,
    {
      onEnvelope: (envelope) => seen.push(envelope),
      onEnd: (ended, code) => seen.push({ code, itself: ended === inference }),
    },
    uplink,
  )
  const send = (slot: number, message: InferenceMessage) =>
    inference.send({ slot, epoch: 0, message })
  return { link, seen, inference, send }
}

describe('inference link', () => {
  it('sends a message on an idle link within the call', () => {
    const { link, send } = linked()
    send(1, release)
    expect(link.messages).toEqual(['1 release'])
  })

  it('keeps the order of messages while a long one waits for the link', async () => {
    const { link, send } = linked()
    send(1, step(3 * MEBIBYTE))
    send(1, release)
    send(2, step(10))
    expect(link.messages).toEqual([])
    expect(link.bufferedBytes).toBeLessThanOrEqual(1.5 * MEBIBYTE)

    for (let turns = 0; turns < 4; turns++) await link.take()
    expect(link.messages).toEqual(['1 step', '1 release', '2 step'])
  })

  it('sends signs of life between the pieces of a long message', async () => {
    const { link, send } = linked()
    send(1, step(3 * MEBIBYTE))
    send(1, ping)
    send(2, ping)
    for (let turns = 0; turns < 4; turns++) await link.take()
    expect(link.messages).toEqual(['1 ping', '2 ping', '1 step'])
  })

  it('sends no sign of life ahead of what opens its slot', async () => {
    const { link, send } = linked()
    send(1, step(3 * MEBIBYTE))
    send(2, { type: 'attach', record: attach })
    send(2, ping)
    for (let turns = 0; turns < 4; turns++) await link.take()
    expect(link.messages).toEqual(['1 step', '2 attach', '2 ping'])
  })

  it('tells how much the system took while something waited, and nothing of what goes at once', async () => {
    const told: unknown[] = []
    const { link, send } = linked({
      passAhead: async () => undefined,
      sending: () => told.push('sending'),
      sent: (bytes) => told.push(bytes),
    })
    send(1, release)
    await settle()
    expect(told).toEqual([])
    const before = link.frames.reduce((sum, { length }) => sum + length, 0)

    send(1, step(3 * MEBIBYTE))
    const atOnce = link.bufferedBytes - before
    for (let turns = 0; turns < 4; turns++) await link.take()
    const all = link.frames.reduce((sum, { length }) => sum + length, 0) - before
    expect(told).toEqual(['sending', all - atOnce])
  })

  it('sends all that is queued before it closes', async () => {
    const { link, inference, send } = linked()
    send(1, step(3 * MEBIBYTE))
    send(1, release)
    const closed = inference.close()
    for (let turns = 0; turns < 4; turns++) await link.take()
    await closed
    expect([link.messages, link.open]).toEqual([['1 step', '1 release'], false])
  })

  it('ends when a peer that does not read makes it queue without end', async () => {
    const many = linked()
    many.send(1, step(3 * MEBIBYTE))
    for (let count = 0; count < 20_001; count++)
      many.send(2, { type: 'pong', received: 0, done: 0, reached: 0, clockUs: 0 })
    const large = linked()
    large.send(1, step(3 * MEBIBYTE))
    const shared = step(128 * MEBIBYTE)
    for (let count = 0; count < 4; count++) large.send(2, shared)
    expect(large.link.open).toBe(true)
    large.send(2, shared)
    expect([many, large].map(({ link, seen }) => [link.open, seen])).toEqual([
      [false, [{ code: 'INFERENCE_STALLED', itself: true }]],
      [false, [{ code: 'INFERENCE_STALLED', itself: true }]],
    ])
  })

  it('sends nothing after its end', async () => {
    const { link, inference, send, seen } = linked()
    send(1, step(3 * MEBIBYTE))
    const { length } = link.frames
    inference.abort()
    send(1, release)
    await link.take()
    expect(link.frames.length).toBe(length)
    expect(seen).toEqual([{ code: 'INFERENCE_LINK_LOST', itself: true }])
  })

  it('hands over what comes, and ends the link at a frame that is none', () => {
    const { link, seen } = linked()
    const envelope: Envelope = { slot: 4, epoch: 2, message: ping }
    const frame = concatBytes([...new WireWriter(crc32).frames(envelope)].flat())
    void link.listener?.onFrame(frame)
    void link.listener?.onFrame(frame)
    const ended = { code: 'INFERENCE_FRAME_INVALID', itself: true }
    expect([seen, link.open]).toEqual([[envelope, ended], false])
  })

  it('says that the other side speaks another version', () => {
    const { link, seen } = linked()
    const frame = concatBytes(
      [...new WireWriter(crc32).frames({ slot: 1, epoch: 0, message: ping })].flat(),
    )
    frame[0] = 2
    void link.listener?.onFrame(frame)
    expect(seen).toEqual([{ code: 'INFERENCE_VERSION', itself: true }])
  })
})

const attach = { version: 1, session: '00'.repeat(16) as never, stage: 0, to: 1, epoch: 0 }
