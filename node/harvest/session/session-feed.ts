/**
 * The daemon's end of the socket on which session helpers report.
 *
 * A helper that sends garbage, too much or nothing is cut off; what it said last is then not
 * believed any more, and forgotten after a while, when others speak for the device.
 *
 * @module
 */

import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '../../../core/clock.ts'
import type { Startable } from '../../../core/lifecycle.ts'
import { LineSplitter } from '../signals/line-splitter.ts'
import type { Inhibitor } from '../signals.ts'
import type { SignalValues } from '../signals/source.ts'
import {
  parseReport,
  REPORT_LENGTH_MAX,
  type SessionReport,
  SILENCE_MS_MAX,
  wishLine,
} from './session-report.ts'

export interface SessionFeedComponents {
  readonly clock: Clock
  /** A helper reports; `name` is its own as long as it is connected. */
  onReport(name: string, values: SignalValues): void
  /** A helper is gone or not to be believed any more. */
  onGone(name: string, why: string): void
  /** A helper has been gone for so long that nothing is to be concluded from it. */
  onForgotten(name: string): void
}

/** Sessions of one device that may report at once. */
const SESSIONS_MAX = 16

/** Lines of one helper in one second: it looks four times a second at most, and tells changes at once. */
const LINES_PER_SECOND_MAX = 40

/** Bytes that are sent to a helper which does not read them before it is cut off. */
const UNREAD_BYTES_MAX = 4_096

/** Time after which a session that ended is not thought of any more, in ms. */
const FORGET_MS = 300_000

export class SessionFeed implements Startable {
  readonly #components: SessionFeedComponents
  readonly #path: string
  readonly #sessions = new Map<string, Socket>()
  readonly #forgetting = new Map<string, NodeJS.Timeout>()
  #server: Server | undefined
  #count = 0
  #everyMs = 5_000
  #stopped = false

  /** @param path - Of the socket; of a pipe on Windows. */
  constructor(components: SessionFeedComponents, path: string) {
    this.#components = components
    this.#path = path
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const pipe = this.#path.startsWith('\\\\')
    // The state folder is this daemon's alone: a socket that is there is of one that was killed.
    if (!pipe) await rm(this.#path, { force: true })
    const server = createServer((socket) => this.#accept(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#path, resolve)
    })
    server.unref()
    // Helpers run as the people whose sessions they are in.
    if (!pipe) await chmod(this.#path, 0o666)
  }

  async stop(): Promise<void> {
    for (const timer of this.#forgetting.values()) clearTimeout(timer)
    this.#stopped = true
    const server = this.#server
    if (server === undefined) return
    const closed = [...this.#sessions.values()].map(async (socket) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('close', () => resolve())
      socket.destroy()
      return promise
    })
    server.close()
    await Promise.all(closed)
  }

  /** Helpers that report now. */
  get sessions(): number {
    return this.#sessions.size
  }

  /** Asks all helpers to look this often. */
  pace(everyMs: number): void {
    if (everyMs === this.#everyMs) return
    this.#everyMs = everyMs
    for (const socket of this.#sessions.values()) this.#tell(socket)
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.#sessions.size >= SESSIONS_MAX) {
      socket.destroy()
      return
    }
    const name = `session helper ${++this.#count}`
    this.#sessions.set(name, socket)
    let why = 'the session helper has ended'
    const cut = (reason: string): void => {
      why = reason
      socket.destroy()
    }
    const lines = new LineSplitter(
      (line) => {
        const report = parseReport(line)
        if (report === undefined) cut('the session helper sent something that is no report')
        else this.#onReport(name, report)
      },
      { lineLengthMax: REPORT_LENGTH_MAX, linesPerSecondMax: LINES_PER_SECOND_MAX },
    )
    socket.setTimeout(SILENCE_MS_MAX, () => cut('the session helper is silent'))
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (!socket.destroyed && !lines.push(text)) cut('the session helper sent too much')
    })
    socket.once('close', () => this.#onEnd(name, why))
    socket.unref()
    this.#tell(socket)
  }

  #tell(socket: Socket): void {
    if (socket.writableLength > UNREAD_BYTES_MAX) socket.destroy()
    else socket.write(wishLine({ everyMs: this.#everyMs }))
  }

  #onReport(name: string, report: SessionReport): void {
    const { idleMs, inhibited, ...flags } = report
    const nowMs = this.#components.clock.monotonicMs()
    // Which program it is the session does not say, nor is that anybody's business.
    const holding: readonly Inhibitor[] =
      inhibited === true ? [{ what: 'idle', by: 'a program of the session' }] : []
    this.#components.onReport(name, {
      ...flags,
      ...(inhibited === undefined ? {} : { inhibitors: holding }),
      ...(idleMs === undefined ? {} : { lastInputAtMs: nowMs - idleMs }),
    })
  }

  #onEnd(name: string, why: string): void {
    this.#sessions.delete(name)
    if (this.#stopped) return
    this.#components.onGone(name, why)
    const timer = setTimeout(() => {
      this.#forgetting.delete(name)
      this.#components.onForgotten(name)
    }, FORGET_MS)
    timer.unref()
    this.#forgetting.set(name, timer)
  }
}
