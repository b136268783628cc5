import { expect, it } from 'vitest'
import { spareWindowUpdates } from './window-updates.ts'

const WINDOW_BYTES = 262_144
const SYN_RECEIVED = 2
const ESTABLISHED = 3

/** A stream with a window as yamux has it. */
class FakeStream {
  state = ESTABLISHED
  recvWindow = WINDOW_BYTES
  recvWindowCapacity = WINDOW_BYTES
  readonly sent: number[] = []

  read(bytes: number): void {
    this.recvWindowCapacity -= bytes
    this.sendWindowUpdate()
  }

  sendWindowUpdate(): void {
    this.sent.push(this.recvWindow - this.recvWindowCapacity)
    this.recvWindowCapacity = this.recvWindow
  }
}

it('tells the sender of 64 KiB at once, not of each message', () => {
  const stream = new FakeStream()
  spareWindowUpdates(stream)
  for (let message = 0; message < 20; message++) stream.read(8_192)
  stream.read(100_000)
  expect(stream.sent).toEqual([65_536, 65_536, 132_768])
})

it('leaves updates alone that open a stream', () => {
  const stream = new FakeStream()
  stream.state = SYN_RECEIVED
  spareWindowUpdates(stream)
  stream.read(1)
  expect(stream.sent).toEqual([1])
})

it('leaves streams of other kinds as they are', () => {
  const stream = { state: 'open' }
  spareWindowUpdates(stream)
  expect(stream).toEqual({ state: 'open' })
})
