import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelId, PeerId, SessionId, BlobId } from '../../core/ids.ts'
import { concatBytes, fromHex, toHex } from '../../core/bytes.ts'
import type { Tensor } from '../../core/tensor.ts'
import { cacheTensors } from './cache-rows.ts'
import { FRAME_TYPES, type FrameType } from './frame.ts'
import type { InferenceMessage } from './messages.ts'
import { WireReader, WireWriter, type Envelope } from './wire.ts'
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX } from './limits.ts'
import type { SamplingRecord } from './sampling-record.ts'
import { leafOf } from './receipt-roots.ts'
import { areFinite, fromWire, toWire } from './wire-type.ts'

const sha256 = (data: Uint8Array) => new Uint8Array(createHash('sha256').update(data).digest())
const peer = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp' as PeerId
const session = '00'.repeat(16) as SessionId
const model = 'ab'.repeat(32) as ModelId
const vectors = JSON.parse(readFileSync('test/vectors/inference.json', 'utf8')) as Readonly<
  Record<FrameType, string>
>
const route = [
  { peer, epoch: 0 },
  { peer, epoch: 2 },
]

const SAMPLING: SamplingRecord = {
  temperatureMicro: 700_000,
  topK: 40,
  topPMicro: 950_000,
  minPMicro: 50_000,
  repetitionPenaltyMicro: 1_100_000,
  repetitionWindow: 64,
  frequencyPenaltyMicro: -1,
  presencePenaltyMicro: 2,
  seed: 2 ** 53 - 1,
  logprobs: 3,
  logitBias: [{ token: 5, biasMicro: -100_000_000 }],
  stopTokens: [0, 2],
  minTokens: 1,
}

const messages: readonly InferenceMessage[] = [
  {
    type: 'open',
    record: {
      version: 1,
      session,
      stage: 1,
      route,
      model,
      manifest: { id: 'cd'.repeat(32) as BlobId, bytes: 4096, chunkHashes: [new Uint8Array(32)] },
      fromLayer: 3,
      toLayer: 9,
      wires: ['f16'],
      provider: 'cpu',
      inFlightMax: 8,
      runMsMax: 60_000,
      numericClass: undefined,
      text: {
        positionsMax: 4096,
        promptTokens: 17,
        sampling: SAMPLING,
        hashesLogits: true,
        gives: 'tokens',
        guide: { notation: 'gbnf', source: 'root ::= "ja"' },
        prefix: [new Uint8Array(32).fill(8)],
        cuts: [3],
      },
    },
  },
  { type: 'loading', bytesDone: 1, bytesTotal: 2, waiting: 3 },
  {
    type: 'ready',
    record: {
      provider: 'cpu',
      numericClass: new Uint8Array(32).fill(7),
      exact: true,
      loadMs: 12,
      fetchedBytes: 0,
      stepUs: undefined,
      besideUs: undefined,
      chunkUs: undefined,
      keptRowBytes: undefined,
      weightBytes: 99,
      prefixRows: 128,
    },
  },
  { type: 'attach', record: { version: 1, session, stage: 0, to: 1, epoch: 0 } },
  {
    type: 'step',
    request: 5,
    hops: [{ arrivedMs: 12.5, heldUs: 9, queueUs: 1, computeUs: 2 }],
    tensors: [tensor('x', [2, 3]), tensor('y', [])],
    leaf: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  },
  {
    type: 'output',
    request: 65_535,
    hops: [],
    tensors: [{ name: 'logits', type: 'uint8', dims: [3], data: Uint8Array.of(7, 8, 9) }],
    leaf: Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1),
  },
  { type: 'release', request: 6 },
  { type: 'route', route, fed: 5, shadow: { stage: 1, peer, epoch: 9, from: 7 } },
  { type: 'ping' },
  { type: 'pong', received: 3, done: 2, reached: 8, clockUs: 77 },
  { type: 'leaving', reason: 'battery', graceMs: 1000 },
  { type: 'close' },
  {
    type: 'receipt',
    signed: {
      receipt: {
        version: 1,
        session,
        stage: 1,
        model,
        fromLayer: 3,
        toLayer: 9,
        provider: peer,
        requester: peer,
        numericClass: new Uint8Array(32).fill(7),
        requests: 2,
        inputRoot: new Uint8Array(32).fill(1),
        outputRoot: new Uint8Array(32).fill(2),
        computeUs: 1_234,
      },
      signature: new Uint8Array(64).fill(9),
    },
  },
  {
    type: 'fault',
    record: { code: 'INFERENCE_CUT_INVALID', request: 4, nextEpoch: undefined, beforeEpoch: 2 },
  },
  { type: 'free', request: 21 },
  { type: 'copy', record: { role: 'take', peer, epoch: 4 } },
  {
    type: 'cache',
    request: 12,
    hops: [],
    tensors: cacheTensors({ from: 2, to: 4, of: 9 }, [tensor('past.0.key', [1, 1, 2, 3])]),
    leaf: Uint8Array.of(1, 1, 2, 3, 5, 8, 13, 21),
  },
  { type: 'copied', request: 12, rows: 4 },
]

function tensor(name: string, dims: readonly number[]): Tensor {
  const count = dims.reduce((product, size) => product * size, 1)
  const data = new Float32Array(count).map((_, index) => index + 0.5)
  return { name, type: 'float32', dims, data: new Uint8Array(data.buffer) }
}

function wireOf(envelopes: readonly Envelope[]): readonly Uint8Array[] {
  const writer = new WireWriter(crc32)
  return envelopes.flatMap((envelope) =>
    [...writer.frames(envelope)].map((chunks) => concatBytes(chunks)),
  )
}

describe('inference wire', () => {
  it('brings every kind of message across as it was', () => {
    const envelopes = messages.map((message, slot) => ({ slot, epoch: 3, message }))
    const reader = new WireReader(crc32)
    const read = wireOf(envelopes).map((frame) => reader.read(frame))

    expect(read).toEqual(envelopes.map((envelope) => ({ type: 'message', envelope })))
  })

  it('brings a message of many frames across while others go between', () => {
    const writer = new WireWriter(crc32)
    const step: InferenceMessage = {
      type: 'step',
      request: 0,
      hops: [],
      tensors: [tensor('big', [300_000])],
      leaf: new Uint8Array(8),
    }
    const large = { slot: 1, epoch: 0, message: step }
    const beats = [1, 2].map((slot) => ({ slot, epoch: 0, message: { type: 'ping' } as const }))
    const frames: Uint8Array[] = []
    for (const chunks of writer.frames(large)) {
      frames.push(concatBytes(chunks))
      for (const beat of beats) frames.push(concatBytes([...writer.frames(beat)].flat()))
    }
    const reader = new WireReader(crc32)
    const read = frames.map((frame) => reader.read(frame)).filter(({ type }) => type !== 'more')
    const pings = beats.map((envelope) => ({ type: 'message', envelope }))

    expect(frames.length).toBe(5 * 3)
    expect(Math.max(...frames.map(({ length }) => length))).toBe(FRAME_BYTES_MAX)
    expect(read).toEqual([
      ...[pings, pings, pings, pings].flat(),
      { type: 'message', envelope: large },
      ...pings,
    ])
  })

  it('writes and reads the frames that other versions wrote', () => {
    const written = messages.map((message) => {
      const [frame = new Uint8Array()] = wireOf([{ slot: 1, epoch: 1, message }])
      return [message.type, toHex(frame)]
    })
    expect(Object.fromEntries(written)).toEqual(vectors)
    expect(Object.keys(vectors)).toEqual(FRAME_TYPES)
    const read = messages.map(({ type }) =>
      new WireReader(crc32).read(fromHex(vectors[type]) ?? new Uint8Array()),
    )
    expect(read).toEqual(
      messages.map((message) => ({ type: 'message', envelope: { slot: 1, epoch: 1, message } })),
    )
  })

  it('refuses every truncation and every flipped bit of every message', () => {
    for (const vector of Object.values(vectors)) {
      const frame = fromHex(vector) ?? new Uint8Array()
      for (let length = 0; length < frame.length; length++) {
        expect(new WireReader(crc32).read(frame.subarray(0, length)).type).toBe('fault')
      }
      for (let bit = 0; bit < 8 * frame.length; bit++) {
        const flipped = frame.slice()
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(new WireReader(crc32).read(flipped).type).toBe('fault')
      }
    }
  })

  it('refuses a gap, a repetition and a message larger than the limit', () => {
    const [first = new Uint8Array(), second = new Uint8Array()] = wireOf([
      { slot: 0, epoch: 0, message: { type: 'ping' } },
      { slot: 0, epoch: 0, message: { type: 'ping' } },
    ])
    const reader = new WireReader(crc32)
    expect(reader.read(second)).toEqual({ type: 'fault', code: 'INFERENCE_FRAME_INVALID' })
    expect(reader.read(first).type).toBe('message')
    expect(reader.read(first)).toEqual({ type: 'fault', code: 'INFERENCE_FRAME_INVALID' })
    expect(MESSAGE_BYTES_MAX).toBeLessThan(2 ** 31)
  })

  it('answers any bytes behind a true checksum with a message or a fault, never a throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(FRAME_TYPES.length - 1),
        fc.nat(4),
        (payload, type, tensors) => {
          const frame = new Uint8Array(48 + payload.length)
          const view = new DataView(frame.buffer)
          view.setUint16(0, 0xb701, true)
          view.setUint8(2, type)
          view.setUint16(20, tensors, true)
          view.setUint32(24, payload.length, true)
          view.setUint32(40, payload.length, true)
          frame.set(payload, 48)
          view.setUint32(44, crc32(payload, crc32(frame.subarray(0, 44))), true)
          return new WireReader(crc32).read(frame).type !== 'more'
        },
      ),
    )
  })
})

describe('wire types', () => {
  it('keeps float32 as it is, and rounds to binary16 only on f16 links', () => {
    const tensors = [tensor('x', [5])]
    expect(toWire(tensors, 'f32')).toBe(tensors)
    const rounded = toWire(tensors, 'f16')
    expect(rounded[0]).toMatchObject({ type: 'float16', dims: [5] })
    expect(rounded[0]?.data.length).toBe(10)
    expect(fromWire(rounded, 'f16')).toEqual(tensors)
  })

  it('tells what is no finite number, in either type and wherever its bytes stand', () => {
    const of = (...values: readonly number[]): Tensor => ({
      name: 'x',
      type: 'float32',
      dims: [values.length],
      data: new Uint8Array(Float32Array.from(values).buffer),
    })
    const odd = (data: Uint8Array) => Buffer.concat([Buffer.from('odd'), data]).subarray(3)
    for (const last of [1, -65_504, 65_536, Number.NaN, Infinity, -Infinity]) {
      for (const wire of ['f32', 'f16'] as const) {
        const sent = toWire([of(0.5, last)], wire)
        const moved = sent.map((each) => ({ ...each, data: odd(each.data) }))
        const isFinite = Number.isFinite(wire === 'f16' ? new Float16Array([last])[0] : last)
        expect([areFinite(sent), areFinite(moved)], `${last} as ${wire}`).toEqual([
          isFinite,
          isFinite,
        ])
      }
    }
  })

  it('gives the same leaf on both sides of a cut, and another for any other name, shape or byte', () => {
    const leaf = leafOf([tensor('x', [2, 3])], sha256)
    expect(leafOf([tensor('x', [2, 3])], sha256)).toEqual(leaf)
    expect(leafOf([tensor('y', [2, 3])], sha256)).not.toEqual(leaf)
    expect(leafOf([tensor('x', [3, 2])], sha256)).not.toEqual(leaf)
  })
})
