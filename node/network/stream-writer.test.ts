import { expect, it } from 'vitest'
import { StreamWriter } from './stream-writer.ts'
import { memoryStreamPair } from './testing/memory-stream.ts'

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const init = { streamBytesMax: 100_000, onRefused: () => undefined }

it('sends what is written within one tick as one piece', async () => {
  const [sender, receiver] = memoryStreamPair()
  const lengths: number[] = []
  receiver.addEventListener('message', ({ data }) => lengths.push(data.byteLength))
  const writer = new StreamWriter(sender, init)
  for (let n = 0; n < 100; n++) writer.write([Uint8Array.of(n), new Uint8Array(9)])
  expect(writer.bufferedBytes).toBe(1000)
  await settle()
  expect(lengths).toEqual([1000])
  expect(writer.bufferedBytes).toBe(0)
})

it('keeps the order of short and long pieces', async () => {
  const [sender, receiver] = memoryStreamPair(10_000_000)
  const got: Uint8Array[] = []
  receiver.addEventListener('message', ({ data }) => got.push(data.subarray()))
  const pieces = [10, 20_000, 5, 7, 400_000, 1].map((length, n) => new Uint8Array(length).fill(n))
  new StreamWriter(sender, init).write(pieces)
  await settle()
  expect(Buffer.compare(Buffer.concat(got), Buffer.concat(pieces))).toBe(0)
})

it('hands a long piece over without a copy', async () => {
  const sent: unknown[] = []
  const [stream] = memoryStreamPair()
  stream.send = (data) => sent.push(data) > 0
  const piece = new Uint8Array(50_000)
  new StreamWriter(stream, init).write([piece])
  await settle()
  expect(sent[0]).toBe(piece)
})

it('keeps back what the stream cannot take, and says when there is room', async () => {
  const [sender, receiver] = memoryStreamPair(1000)
  receiver.addEventListener('message', () => undefined)
  receiver.pause()
  const writer = new StreamWriter(sender, init)
  for (let n = 0; n < 10; n++) {
    writer.write([new Uint8Array(50_000)])
    await settle()
  }
  expect(sender.writeBufferLength).toBeLessThanOrEqual(init.streamBytesMax + 50_000)
  expect(writer.bufferedBytes).toBe(499_000)

  let drained = false
  const waiting = writer.drained().then(() => (drained = true))
  await settle()
  expect(drained).toBe(false)
  receiver.resume()
  await waiting
  expect(writer.bufferedBytes).toBeLessThanOrEqual(50_000)
  await writer.flushed()
  expect(writer.bufferedBytes).toBe(0)
})

it('lets those who wait go on when it is stopped, and takes nothing more', async () => {
  const [sender, receiver] = memoryStreamPair(1000)
  receiver.pause()
  const writer = new StreamWriter(sender, init)
  writer.write([new Uint8Array(500_000)])
  await settle()
  const waiting = writer.drained()
  writer.stop()
  await waiting
  writer.write([new Uint8Array(5)])
  expect(writer.bufferedBytes).toBe(sender.writeBufferLength)
})

it('says when the stream is closed for writing', async () => {
  const [sender] = memoryStreamPair()
  let refused = 0
  const writer = new StreamWriter(sender, { ...init, onRefused: () => refused++ })
  await sender.close()
  writer.write([Uint8Array.of(1)])
  await settle()
  expect(refused).toBe(1)
})
