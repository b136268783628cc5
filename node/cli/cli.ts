/**
 * What every command is handed: where it is, what it was told, and how it speaks.
 *
 * @module
 */

import { resolve } from 'node:path'
import { stateDirDefault } from '../../config/paths.ts'
import type { RunDaemon } from '../daemon-types.ts'
import { ApiClient } from './api-client.ts'
import type { Terminal } from './terminal.ts'

/** The part of a process stream that is read from. */
export interface InputStream extends NodeJS.ReadableStream {
  readonly isTTY?: boolean
}

/** What surrounds the process. */
export interface CliSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
  readonly homeDir: string
  readonly workingDir: string
  readonly terminal: Terminal
  /** Where a person or a program types; asked for only when it is read. */
  readonly stdin: () => InputStream
  /** Calls back at each of the owner's requests to stop; returns how to no longer be called. */
  onInterrupt(listener: () => void): () => void
  /** Starts a daemon in this process; loads it only when it is called. */
  readonly runDaemon: RunDaemon
}

/** Options that stand before or after every command. */
export interface GlobalOptions {
  readonly stateDir?: string
  readonly config?: string
  readonly json?: boolean
  readonly color: boolean
}

/** Thrown when the owner asked to stop; the process ends with exit code 130. */
export class Interrupted extends Error {}

export class Cli {
  readonly surroundings: CliSurroundings
  readonly #options: () => GlobalOptions

  /** @param options - Read late: commands are declared before the command line is parsed. */
  constructor(surroundings: CliSurroundings, options: () => GlobalOptions) {
    this.surroundings = surroundings
    this.#options = options
  }

  get terminal(): Terminal {
    return this.surroundings.terminal
  }

  get options(): GlobalOptions {
    return this.#options()
  }

  /** The state folder: flag, then environment, then the configuration that a flag names, then the usual place. */
  async stateDir(): Promise<string> {
    const { env, workingDir } = this.surroundings
    const named = this.options.stateDir ?? env['BRUME_STATE_DIR']
    if (named !== undefined && named !== '') return resolve(workingDir, named)
    if (this.options.config === undefined && env['BRUME_CONFIG'] === undefined) {
      return stateDirDefault(this.surroundings)
    }
    const { loadCliConfig } = await import('./cli-config.ts')
    return loadCliConfig(this, {}).config.state.dir
  }

  /** Cells of a line of data on a terminal, or as `COLUMNS` says; undefined where there is no limit. */
  get width(): number | undefined {
    const { isTTY, columns } = this.terminal.stdout
    if (isTTY === true && columns !== undefined) return columns
    const said = Number(this.surroundings.env['COLUMNS'])
    return Number.isSafeInteger(said) && said > 0 ? said : undefined
  }

  /** @throws {ApiError} `API_DAEMON_NOT_RUNNING`. */
  async client(): Promise<ApiClient> {
    return ApiClient.fromStateDir(await this.stateDir())
  }

  /** Prints `value` as JSON after `--json`, else what `text` makes of it. */
  print(value: object, text: () => string | readonly string[]): void {
    if (this.options.json === true) {
      this.terminal.json(value)
      return
    }
    const lines = text()
    for (const line of typeof lines === 'string' ? [lines] : lines) this.terminal.data(line)
  }

  /**
   * Runs `work`, which is told by its signal when the owner asks to stop.
   *
   * @throws {Interrupted} when that happened, once `work` is over.
   */
  async interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const interrupt = new AbortController()
    const stopListening = this.surroundings.onInterrupt(() => interrupt.abort(new Interrupted()))
    try {
      const result = await work(interrupt.signal)
      interrupt.signal.throwIfAborted()
      return result
    } catch (error) {
      interrupt.signal.throwIfAborted()
      throw error
    } finally {
      stopListening()
    }
  }
}
