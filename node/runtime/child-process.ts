/**
 * One child process with a socket on descriptor 3, in a process group of its own.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import type { Duplex } from 'node:stream'
import type { ExecutorExit } from './executor-spec.ts'
import type { Command } from './launcher.ts'
import { STDERR_BYTES_MAX, STOP_GRACE_MS } from './limits.ts'
import type { ProcessFreezer } from './windows-freezer.ts'

export interface ChildInit {
  readonly command: Command
  readonly environment: Record<string, string>
  /** True to lower the priority from here, where no wrapper did it. */
  readonly lowerPriority: boolean
  /** What freezes it where signals cannot; such a child cannot be frozen when absent. */
  readonly freezer?: ProcessFreezer
  /** Called before the process is killed, to give it the time that dying takes. */
  readonly release?: (pid: number) => void
  onBytes(chunk: Uint8Array): void
}

/** A started child. Nothing of it is left once `exited` resolves. */
export class Child {
  readonly exited: Promise<ExecutorExit>
  readonly #process: ChildProcess
  readonly #socket: Duplex
  readonly #release: ChildInit['release']
  readonly #freezer: ProcessFreezer | undefined
  #stderr = Buffer.alloc(0)
  #ended = false

  /** @throws {Error} when the system starts no process at once; later failures end `exited`. */
  constructor(init: ChildInit) {
    const { file, arguments: words } = init.command
    this.#process = spawn(file, words, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: init.environment,
      // On Windows a detached child would outlive the daemon.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    this.#socket = this.#process.stdio[3] as Duplex
    this.#release = init.release
    this.#freezer = init.freezer
    this.exited = this.#watchExit()
    this.#process.stderr?.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#socket?.on('data', (chunk: Uint8Array) => init.onBytes(chunk))
    // A broken pipe means that the process ended, which `exited` tells.
    this.#socket?.on('error', () => undefined)
    if (init.lowerPriority) this.#lowerPriority()
  }

  /** 0 when the process could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Sends pieces of one message, which must stay as they are until they are sent. */
  write(pieces: readonly Uint8Array[]): void {
    if (this.#ended || this.#socket.destroyed) return
    if (pieces.length > 1) this.#socket.cork()
    for (const piece of pieces) this.#socket.write(piece)
    if (pieces.length > 1) this.#socket.uncork()
  }

  /** Ends the whole group at once; `exited` resolves soon after. */
  kill(): void {
    if (this.#ended || this.pid === 0) return
    this.#release?.(this.pid)
    try {
      if (process.platform === 'win32') this.#process.kill('SIGKILL')
      else process.kill(-this.pid, 'SIGKILL')
    } catch {
      // The group is gone already, or not yet made: the process itself is still ours to kill.
      this.#process.kill('SIGKILL')
    }
  }

  /**
   * Takes the whole group off the processor at once; its memory stays. False where the system cannot.
   */
  freeze(): boolean {
    if (this.#freezer === undefined) return this.#signalGroup('SIGSTOP')
    return !this.#ended && this.pid !== 0 && this.#freezer.suspend(this.pid)
  }

  /** Lets it go on where it was. */
  thaw(): void {
    if (this.#freezer === undefined) this.#signalGroup('SIGCONT')
    else if (!this.#ended && this.pid !== 0) this.#freezer.resume(this.pid)
  }

  /** Asks the process to end, and kills it when it does not. */
  async stop(): Promise<void> {
    this.#socket?.end()
    const timer = setTimeout(() => this.kill(), STOP_GRACE_MS)
    await this.exited
    clearTimeout(timer)
  }

  #signalGroup(signal: 'SIGSTOP' | 'SIGCONT'): boolean {
    if (this.#ended || this.pid === 0 || process.platform === 'win32') return false
    try {
      return process.kill(-this.pid, signal)
    } catch {
      // It has just ended.
      return false
    }
  }

  #watchExit(): Promise<ExecutorExit> {
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#ended = true
        this.#socket?.destroy()
        resolve({ code, signal, stderrTail: this.#stderr.toString('utf8') })
      }
      this.#process.once('close', end)
      this.#process.once('error', (error) => {
        if (this.#process.pid !== undefined) return
        this.#keep(Buffer.from(error.message))
        end(null, null)
      })
    })
  }

  #keep(chunk: Buffer): void {
    this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_BYTES_MAX)
  }

  #lowerPriority(): void {
    try {
      setPriority(this.pid, constants.priority.PRIORITY_LOW)
    } catch {
      // It ended already, or the system forbids it: it then runs like any other process.
    }
  }
}
