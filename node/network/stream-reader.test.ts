import { expect, it } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import { StreamReader } from './stream-reader.ts'
import { memoryStreamPair } from './testing/memory-stream.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const bytesOf = (pieces: readonly Iterable<Uint8Array>[]): Uint8Array =>
  concatBytes(pieces.flatMap((piece) => [...piece]))

it('gives what was sent, in order, and ends with the stream', async () => {
  const [sender, receiver] = memoryStreamPair()
  const read = Array.fromAsync(new StreamReader(receiver, 1000).read())
  sender.send(Uint8Array.of(1, 2))
  await settle()
  sender.send(Uint8Array.of(3))
  await sender.close()
  expect(bytesOf(await read)).toEqual(Uint8Array.of(1, 2, 3))
})

it('holds a sender back whose bytes nobody takes', async () => {
  const windowBytes = 64 * 1024
  const [sender, receiver] = memoryStreamPair(windowBytes)
  const pieces = new StreamReader(receiver, 100_000).read()
  const first = pieces.next()
  sender.send(new Uint8Array(10_000_000))
  await first
  for (let round = 0; round < 50; round++) await settle()
  const arrived = 10_000_000 - sender.writeBufferLength
  expect(arrived).toBeLessThanOrEqual(100_000 + 4 * windowBytes)

  let taken = 0
  for await (const piece of pieces) {
    for (const chunk of piece) taken += chunk.length
    if (taken > 8_000_000) break
  }
  expect(taken).toBeGreaterThan(8_000_000)
})

it('ends when the stream is reset, and when it is told to', async () => {
  const [sender, receiver] = memoryStreamPair()
  const read = Array.fromAsync(new StreamReader(receiver, 1000).read())
  sender.abort(new Error('gone'))
  expect(await read).toEqual([])

  const [, idle] = memoryStreamPair()
  const reader = new StreamReader(idle, 1000)
  const stopped = Array.fromAsync(reader.read())
  reader.stop()
  expect(await stopped).toEqual([])
})

it('reads nothing from a stream that is over', async () => {
  const [, receiver] = memoryStreamPair()
  receiver.lose()
  expect(await Array.fromAsync(new StreamReader(receiver, 1000).read())).toEqual([])
})
