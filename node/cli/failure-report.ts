/**
 * How a command that failed says so: `error CODE: message`, a hint, and the exit code.
 *
 * @module
 */

import { CodedError, type ErrorRow, type Failure } from '../../core/errors.ts'
import { InvariantError } from '../../core/invariant.ts'
import { API_ERRORS, ApiError } from '../api/errors.ts'
import { RemoteProblem } from './api-client.ts'
import { type GlobalOptions, Interrupted } from './cli.ts'
import { CLI_ERRORS, CliError } from './errors.ts'
import type { Terminal } from './terminal.ts'

/** Exit code after the owner asked to stop (128 + SIGINT). */
const INTERRUPTED_EXIT = 130
/** Exit code after a defect of ours (EX_SOFTWARE of sysexits.h). */
const DEFECT_EXIT = 70

/** Prints what went wrong on stderr, and returns the exit code. */
export async function reportFailure(
  terminal: Terminal,
  error: unknown,
  { json, stateDir }: Pick<GlobalOptions, 'json' | 'stateDir'>,
): Promise<number> {
  if (error instanceof Interrupted) {
    terminal.note('interrupted')
    return INTERRUPTED_EXIT
  }
  const told = await tellingOf(error, stateDir)
  if (told === undefined) {
    terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return error instanceof InvariantError ? DEFECT_EXIT : 1
  }
  if (json === true) {
    terminal.note(JSON.stringify({ v: 1, error: told }))
  } else {
    const { code, message, hint } = told
    const label = terminal.paint(['red', 'bold'], `error ${code}:`, terminal.stderr)
    terminal.note(`${label} ${message}\nhint: ${hint}`)
  }
  return told.exit
}

interface Telling {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retryable: boolean
  readonly exit: number
}

/** What there is to tell of an error with a code; undefined for one without. */
async function tellingOf(error: unknown, stateDir?: string): Promise<Telling | undefined> {
  if (error instanceof RemoteProblem) {
    const { code, detail: message, hint, retryable, exit } = error.problem
    return { code, message, hint, retryable, exit }
  }
  if (!(error instanceof CodedError)) return undefined
  const { code } = error as CodedError<Failure>
  const row = await rowOf(code)
  if (row === undefined) return undefined
  const { retryable, exit } = row
  const hint = hintOf(error, stateDir) ?? row.hint
  return { code, message: error.message, hint, retryable, exit }
}

/** A remedy to type here and now, where the words of the command line make one. */
function hintOf(error: unknown, stateDir: string | undefined): string | undefined {
  if (error instanceof CliError && error.failure.code === 'CLI_USAGE_INVALID') {
    const { command } = error.failure
    return command === undefined ? undefined : `\`${command} --help\` shows what it takes`
  }
  const elsewhere = error instanceof ApiError && error.code === 'API_DAEMON_NOT_RUNNING'
  return elsewhere && stateDir !== undefined
    ? `start one with \`brume up --state-dir ${stateDir}\``
    : undefined
}

/** The catalogue of all rooms is loaded only when a code is not one that every command knows. */
async function rowOf(code: string): Promise<ErrorRow | undefined> {
  const own: Readonly<Record<string, ErrorRow>> = { ...CLI_ERRORS, ...API_ERRORS }
  if (Object.hasOwn(own, code)) return own[code]
  const { errorRow } = await import('../error-catalogue.ts')
  return errorRow(code)
}
