/**
 * Asks the login manager for a moment before the machine sleeps, while work of others is here.
 *
 * Brume never keeps a device awake: a lock of mode `block` is for its owner's programs. A lock of
 * mode `delay` lasts a few seconds at most (InhibitDelayMaxSec), in which stages tell their sessions
 * that they leave, and it is let go as soon as nothing runs any more. systemd-inhibit(1) holds it for
 * as long as the program that it started runs.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { COMMAND_ENVIRONMENT } from './signals/command-output.ts'
import type { WorkHere } from './signals.ts'

/** A held lock. */
export interface HeldDelay {
  release(): void
}

/** Takes a lock; `onEnd` is called when it was lost. */
export type TakeDelay = (onEnd: () => void) => HeldDelay

/** `cat` ends with its input, so also when this daemon is killed. */
const COMMAND = [
  '--what=sleep',
  '--mode=delay',
  '--who=Brume',
  '--why=work of other devices moves away first',
  'cat',
]

export const takeSleepDelay: TakeDelay = (onEnd) => {
  const child: ChildProcess = spawn('systemd-inhibit', COMMAND, {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: COMMAND_ENVIRONMENT,
  })
  // Not installed, or no login manager: nothing is held then.
  child.once('error', onEnd)
  child.once('close', onEnd)
  child.stdin?.on('error', () => undefined)
  return { release: () => child.stdin?.end() }
}

/** A login manager that is not there is asked again after this time, in ms. */
const RETRY_MS = 600_000

export class SleepDelay {
  readonly #take: TakeDelay
  #held: HeldDelay | undefined
  #retryMs = Number.NEGATIVE_INFINITY

  constructor(take: TakeDelay) {
    this.#take = take
  }

  /** Holds the lock while work of others is here, until it has stopped for the sleep that is pending. */
  follow(work: WorkHere, sleepPending: boolean, nowMs: number): void {
    const states = [work.cpu, work.gpu]
    const wanted = states.some((state) => (sleepPending ? state === 'running' : state !== 'none'))
    if (!wanted) return this.release()
    // Too late for this sleep; and what failed just now fails again.
    if (this.#held !== undefined || sleepPending || nowMs < this.#retryMs) return
    const held = this.#take(() => {
      if (this.#held !== held) return
      this.#held = undefined
      this.#retryMs = nowMs + RETRY_MS
    })
    this.#held = held
  }

  release(): void {
    const held = this.#held
    this.#held = undefined
    held?.release()
  }
}
