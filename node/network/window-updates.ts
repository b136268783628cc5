/**
 * Keeps libp2p's yamux from answering every message with a frame of its own.
 *
 * Yamux lets a sender go on by window updates. Its specification asks for them in time; the
 * implementation sends one for every data frame that it reads, which for a message of a few KiB
 * is one more record, system call and wake-up at both ends, ahead of our own answer.
 *
 * @module
 */

/** Bytes that may be read before the sender is told: a quarter of the smallest window. */
const UNTOLD_BYTES_MAX = 65_536

/** States in which no window update carries a flag: `SYNSent` and `Established`. */
const PLAIN_STATES: ReadonlySet<unknown> = new Set([1, 3])

/** What a yamux stream has beside the interface of a stream. */
interface YamuxWindow {
  readonly state: number
  /** Bytes that the sender may have under way, and how many of them it knows to be free. */
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

/** Lets window updates of `stream` wait until there is something to tell; other streams stay as they are. */
export function spareWindowUpdates(stream: object): void {
  if (!isYamux(stream)) return
  const sendNow = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    const untoldBytes = stream.recvWindow - stream.recvWindowCapacity
    if (untoldBytes >= UNTOLD_BYTES_MAX || !PLAIN_STATES.has(stream.state)) sendNow()
  }
}

function isYamux(stream: object): stream is YamuxWindow {
  const { state, recvWindow, recvWindowCapacity, sendWindowUpdate } = stream as Partial<YamuxWindow>
  const numbers = [state, recvWindow, recvWindowCapacity]
  return (
    typeof sendWindowUpdate === 'function' && numbers.every((value) => typeof value === 'number')
  )
}
