/**
 * A program of the system that tells something, line by line, for as long as it runs.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import type { Startable } from '../../../core/lifecycle.ts'
import { COMMAND_ENVIRONMENT } from './command-output.ts'
import { type LineLimits, LineSplitter } from './line-splitter.ts'

/** Characters of one line, and lines of one second, that a program of the system may print. */
const LIMITS: LineLimits = { lineLengthMax: 4_096, linesPerSecondMax: 200 }

/** Time from the end of a program to its next start: doubled each time, in ms. */
const RESTART_MS = 5_000
const RESTART_MS_MAX = 600_000

/** A program that prints lines for as long as it runs, and is started again when it ends. */
export class CommandLines implements Startable {
  readonly #words: readonly [string, ...string[]]
  readonly #onLine: (line: string) => void
  readonly #onEnd: () => void
  #child: ReturnType<typeof spawn> | undefined
  #restart: NodeJS.Timeout | undefined
  #restartMs = RESTART_MS
  #stopped = false

  /** @param onEnd - Called each time that the program ends although it should not. */
  constructor(
    words: readonly [string, ...string[]],
    onLine: (line: string) => void,
    onEnd: () => void,
  ) {
    this.#words = words
    this.#onLine = onLine
    this.#onEnd = onEnd
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#restart)
    const child = this.#child
    if (child === undefined) return
    const closed = new Promise((resolve) => {
      child.once('close', resolve)
    })
    child.kill('SIGKILL')
    await closed
  }

  #run(): void {
    const [file, ...words] = this.#words
    const child = spawn(file, words, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: COMMAND_ENVIRONMENT,
      windowsHide: true,
    })
    this.#child = child
    const lines = new LineSplitter((line) => {
      this.#restartMs = RESTART_MS
      this.#onLine(line)
    }, LIMITS)
    child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text))
    // A program that is not installed ends like one that failed.
    child.on('error', () => undefined)
    child.once('close', () => this.#runAgain())
  }

  #runAgain(): void {
    this.#child = undefined
    if (this.#stopped) return
    this.#onEnd()
    this.#restart = setTimeout(() => this.#run(), this.#restartMs)
    this.#restart.unref()
    this.#restartMs = Math.min(2 * this.#restartMs, RESTART_MS_MAX)
  }
}
