/**
 * An owner of make-believe, who sits at a real device: a session helper that says what it is told to,
 * and a charger that can be pulled.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { reportLine, type SessionReport } from '../../node/harvest/session/session-report.ts'
import { delay } from '../../test/fixtures/delay.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'

/** Time between two reports of a session that nothing happens in, in ms. */
const REPEAT_MS = 1_000

/** Somebody's session on the device of `daemon`. */
export class Session implements AsyncDisposable {
  readonly #socket: Socket
  readonly #timer: NodeJS.Timeout
  #inputAtMs = performance.now() - 3_600_000

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#timer = setInterval(() => this.#report({}), REPEAT_MS)
    this.#report({})
  }

  static async at({ stateDir }: TestDaemon): Promise<Session> {
    const socket = connect(join(stateDir, 'session.sock'))
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject)
    })
    socket.on('error', () => undefined).resume()
    return new Session(socket)
  }

  /** Somebody touches the keyboard. */
  touch(): void {
    this.#inputAtMs = performance.now()
    this.#report({})
  }

  /** Nobody was there for an hour. */
  leave(): void {
    this.#inputAtMs = performance.now() - 3_600_000
    this.#report({})
  }

  #report(flags: SessionReport): void {
    this.#socket.write(reportLine({ ...flags, idleMs: performance.now() - this.#inputAtMs }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#socket.destroy()
  }
}

/** Nanoseconds that all threads of `pids` have run so far; ended ones count as 0. */
export function ranNs(pids: readonly number[]): number {
  let sum = 0
  for (const pid of pids) {
    for (const thread of threadsOf(pid)) {
      try {
        const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
        sum += Number(text.split(' ', 1)[0])
      } catch {
        // The thread ended between the two looks.
      }
    }
  }
  return sum
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // The process has ended.
    return []
  }
}

/** Time without any progress after which work counts as off the processor, in ms. */
const STILL_MS = 300

/** Time between two looks, in ms. */
const LOOK_MS = 3

/**
 * When `pids` ran last, on the clock of `performance.now()`: waits until they have been still for a
 * while. Undefined when they are not within `withinMs`.
 */
export async function lastRan(
  pids: readonly number[],
  withinMs: number,
): Promise<number | undefined> {
  const endMs = performance.now() + withinMs
  let before = ranNs(pids)
  let ranAtMs = performance.now()
  while (performance.now() < endMs) {
    await delay(LOOK_MS)
    const nowMs = performance.now()
    const now = ranNs(pids)
    if (now !== before) ranAtMs = nowMs
    else if (nowMs - ranAtMs >= STILL_MS) return ranAtMs
    before = now
  }
  return undefined
}

/** Values in order, the share of them below; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
