import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, toHex } from '../../core/bytes.ts'
import { TENSOR_TYPES, tensorBytes, type TensorType } from '../../core/tensor.ts'
import {
  controlFrame,
  type Frame,
  FRAME_HEADER_BYTES,
  readHeader,
  readTensors,
  tensorFrame,
  type WireTensor,
} from './executor-wire.ts'
import { FrameReader } from './frame-reader.ts'

/** A result of run 7 with an int8 tensor [3] and a float32 scalar. */
const VECTOR =
  'c0000000' + // bytes of the body: three blocks of 64
  '05000200' + // result, two tensors
  '07000000' + // run 7
  '2a000000' + // 42 µs
  '0201000003000000' + // int8, rank 1, output 0, [3]
  '00000100' + // float32, rank 0, output 1
  '00'.repeat(52) + // padding
  '010203' +
  '00'.repeat(61) +
  '0000803f' +
  '00'.repeat(60)

const vectorTensors: WireTensor[] = [
  { index: 0, type: 'int8', dims: [3], data: Uint8Array.of(1, 2, 3) },
  { index: 1, type: 'float32', dims: [], data: new Uint8Array(Float32Array.of(1).buffer) },
]

/** What a whole message decodes to, or why it is refused; undefined while bytes are missing. */
function decoded(bytes: Uint8Array): readonly WireTensor[] | string | undefined {
  const frames = new FrameReader(65_536).push(bytes)
  if (typeof frames === 'string') return frames
  const [frame] = frames
  return frame === undefined ? undefined : readTensors(frame)
}

const anyTensor = fc
  .record({
    type: fc.constantFrom(...(Object.keys(TENSOR_TYPES) as TensorType[])),
    dims: fc.array(fc.nat(4), { maxLength: 4 }),
  })
  .chain(({ type, dims }) => {
    const length = tensorBytes(type, dims)
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data) => ({ index: 0, type, dims, data }))
  })
const anyTensors = fc
  .array(anyTensor, { maxLength: 5 })
  .map((tensors) => tensors.map((tensor, index) => Object.assign(tensor, { index })))

describe('executor wire', () => {
  it('writes a result as the specification says', () => {
    const pieces = tensorFrame({ kind: 'result', id: 7, computeUs: 42 }, vectorTensors)

    expect(toHex(concatBytes(pieces))).toBe(VECTOR)
    expect(decoded(fromHex(VECTOR) ?? new Uint8Array())).toEqual(vectorTensors)
  })

  it('reads every set of tensors that it writes', () => {
    fc.assert(
      fc.property(anyTensors, (tensors) => {
        const pieces = tensorFrame({ kind: 'run', id: 1, computeUs: 0 }, tensors)
        expect(decoded(concatBytes(pieces))).toEqual(tensors)
      }),
    )
  })

  it('puts messages together however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyTensors, { maxLength: 4 }),
        fc.integer({ min: 1, max: 40 }),
        (messages, size) => {
          const reader = new FrameReader(65_536)
          const bytes = concatBytes(
            messages.flatMap((tensors, id) =>
              tensorFrame({ kind: 'run', id, computeUs: 0 }, tensors),
            ),
          )
          const frames: Frame[] = []
          for (let at = 0; at < bytes.length; at += size) {
            const read = reader.push(bytes.subarray(at, at + size))
            if (typeof read !== 'string') frames.push(...read)
          }
          expect(frames.map(({ id }) => id)).toEqual([...messages.keys()])
          expect(frames.map(readTensors)).toEqual(messages)
        },
      ),
    )
  })

  it('does not copy large tensors', () => {
    const data = new Uint8Array(100_000)
    const pieces = tensorFrame({ kind: 'run', id: 1, computeUs: 0 }, [
      { index: 0, type: 'uint8', dims: [100_000], data },
    ])

    expect(pieces).toContain(data)
  })

  it('waits for the rest of a message that is cut short', () => {
    const bytes = concatBytes(tensorFrame({ kind: 'result', id: 7, computeUs: 42 }, vectorTensors))
    const cuts = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length))

    expect(cuts.map(decoded)).toEqual(cuts.map(() => undefined))
  })

  it('turns every flipped bit into a value or a refusal', () => {
    const bytes = concatBytes(tensorFrame({ kind: 'result', id: 7, computeUs: 42 }, vectorTensors))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => decoded(flipped)).not.toThrow()
    }
  })

  it('refuses tensors whose size overflows, and bytes that are left over', () => {
    const frame = (tensors: number, body: Uint8Array): Frame => ({
      kind: 'result',
      bodyBytes: body.length,
      tensors,
      id: 1,
      computeUs: 0,
      body,
    })
    const enormous = new Uint8Array(24)
    enormous.set([0, 4, 0, 0])
    enormous.fill(255, 4, 20)

    expect(readTensors(frame(1, enormous))).toBe('tensor 0 does not fit its message')
    expect(readTensors(frame(0, new Uint8Array(8)))).toBe('expected 0 bytes, got 8')
    expect(readTensors(frame(1, new Uint8Array(2)))).toBe('table of tensors is cut short')
  })

  it('refuses control messages beyond their limit before it makes room for them', () => {
    const header = new Uint8Array(FRAME_HEADER_BYTES)
    new DataView(header.buffer).setUint32(0, 0xffff_ffff, true)
    header[4] = 4

    expect(readHeader(header)).toBe('expected at most 16777216 bytes, got 4294967295')
    expect(readHeader(controlFrame('load', 3, new Uint8Array(2)))).toEqual({
      kind: 'load',
      bodyBytes: 2,
      tensors: 0,
      id: 3,
      computeUs: 0,
    })
  })
})
