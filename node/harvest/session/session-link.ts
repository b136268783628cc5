/**
 * The helper's end of the socket: reports go to the daemon, and its wishes come back.
 *
 * The daemon comes and goes; the helper stays for as long as its session, and asks for it again.
 *
 * @module
 */

import { connect, type Socket } from 'node:net'
import type { Clock } from '../../../core/clock.ts'
import { LineSplitter } from '../signals/line-splitter.ts'
import { parseWish, reportLine, REPORT_LENGTH_MAX, type SessionReport } from './session-report.ts'

export interface SessionLinkInit {
  /** Of the socket, or of a pipe on Windows. */
  readonly path: string
  /** The daemon wants the session to be looked at this often, in ms. */
  readonly onPace: (everyMs: number) => void
  /** A daemon was found, or has gone. */
  readonly onLink: (connected: boolean) => void
}

/** Time between two tries to reach the daemon, in ms. */
const RETRY_MS = 5_000

/** Wishes of one second. */
const WISHES_PER_SECOND_MAX = 20

/** Bytes that a daemon which does not read them leaves behind before it is given up. */
const UNREAD_BYTES_MAX = 16_384

export class SessionLink {
  readonly #clock: Clock
  readonly #init: SessionLinkInit
  #socket: Socket | undefined

  constructor(clock: Clock, init: SessionLinkInit) {
    this.#clock = clock
    this.#init = init
  }

  /** Keeps the way to the daemon open until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#once(signal)
      await this.#clock.sleep(RETRY_MS, signal)
    }
  }

  /** Dropped while there is no daemon. */
  send(report: SessionReport): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy()
    else socket.write(reportLine(report))
  }

  #once(signal: AbortSignal): Promise<void> {
    const { path, onPace, onLink } = this.#init
    return new Promise((resolve) => {
      const socket = connect(path)
      const abort = (): void => void socket.destroy()
      signal.addEventListener('abort', abort, { once: true })
      const lines = new LineSplitter(
        (line) => {
          const wish = parseWish(line)
          if (wish !== undefined) onPace(wish.everyMs)
        },
        { lineLengthMax: REPORT_LENGTH_MAX, linesPerSecondMax: WISHES_PER_SECOND_MAX },
      )
      socket.setEncoding('utf8').on('data', (text: string) => void lines.push(text))
      socket.once('connect', () => {
        this.#socket = socket
        onLink(true)
      })
      // No daemon yet, or no more: tried again later.
      socket.on('error', () => undefined)
      socket.once('close', () => {
        signal.removeEventListener('abort', abort)
        if (this.#socket === socket) onLink(false)
        this.#socket = undefined
        resolve()
      })
    })
  }
}
