import * as fc from 'fast-check'
import { pipe } from 'it-pipe'
import { expect, it } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import { type FrameFault, FrameSplitter, frameHeader, splitFrames } from './framing.ts'

const framed = (...frames: readonly Uint8Array[]): Uint8Array =>
  concatBytes(frames.flatMap((frame) => [frameHeader(frame.length), frame]))

/** `bytes` cut at each of `cuts`. */
function cutAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const sorted = cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b)
  return [0, ...sorted].map((from, index) => bytes.subarray(from, sorted[index] ?? bytes.length))
}

async function* arriving(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array[]> {
  for (const piece of pieces) yield [piece]
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items)
}

it('writes the length little-endian', () => {
  expect(frameHeader(0x01020304)).toEqual(Uint8Array.of(4, 3, 2, 1))
  expect(frameHeader(0xfffffffe)).toEqual(Uint8Array.of(0xfe, 0xff, 0xff, 0xff))
})

it('gives back the frames however the bytes were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.array(fc.nat(600), { maxLength: 40 }),
      (frames, cuts) => {
        const splitter = new FrameSplitter(40)
        const found = cutAt(framed(...frames), cuts).flatMap((piece) => splitter.push(piece))
        expect(found).toEqual(frames)
      },
    ),
  )
})

it('gives back long frames however the bytes were cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 200_000, max: 900_000 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(2_000_000), { maxLength: 20 }),
      (lengths, cuts) => {
        const frames = lengths.map((length, index) => new Uint8Array(length).fill(index + 1))
        const splitter = new FrameSplitter(1_000_000)
        const found = cutAt(framed(...frames), cuts).flatMap((piece) => splitter.push(piece))
        expect(found.map((frame) => frame instanceof Uint8Array && frame.length)).toEqual(lengths)
        expect(
          found.every(
            (frame, index) =>
              Buffer.compare(frame as Uint8Array, frames[index] ?? new Uint8Array()) === 0,
          ),
        ).toBe(true)
      },
    ),
    { numRuns: 20 },
  )
})

it('gives anything at all as frames or one fault, and never throws', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (pieces) => {
      const splitter = new FrameSplitter(30)
      const found: (Uint8Array | FrameFault)[] = []
      for (const piece of pieces) {
        found.push(...splitter.push(piece))
        if (found.some((item) => !(item instanceof Uint8Array))) break
      }
      const faults = found.filter((item) => !(item instanceof Uint8Array))
      expect(faults.length).toBeLessThanOrEqual(1)
    }),
  )
})

it('does not reserve what is only announced', () => {
  const splitter = new FrameSplitter(2 ** 32 - 1)
  const before = process.memoryUsage().arrayBuffers
  for (let round = 0; round < 20; round++) splitter.push(frameHeader(2 ** 31))
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
})

it('keeps no hold on the chunk that a short frame came in', () => {
  const chunk = framed(Uint8Array.of(1, 2, 3), new Uint8Array(10_000))
  const [short, long] = new FrameSplitter(10_000).push(chunk)
  expect((short as Uint8Array).buffer).not.toBe(chunk.buffer)
  expect((long as Uint8Array).buffer).toBe(chunk.buffer)
})

it('splits in a pipeline and ends after a frame that is too long', async () => {
  const bytes = framed(Uint8Array.of(1), Uint8Array.of(2, 2), new Uint8Array(9), Uint8Array.of(3))
  const source = arriving(bytes.subarray(0, 7), bytes.subarray(7), Uint8Array.of(1))
  expect(await pipe(source, splitFrames(8), all)).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(2, 2),
    { type: 'fault', code: 'frame-too-long', frameBytes: 9 },
  ])
})
