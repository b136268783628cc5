/**
 * What can go wrong in the command line itself, before and after the daemon is asked.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import { msText } from './quantity-text.ts'

export type CliFailure =
  /** The words after `brume` make no command. */
  | { readonly code: 'CLI_USAGE_INVALID'; readonly problem: string; readonly command?: string }
  /** A file that was named cannot be read. */
  | { readonly code: 'CLI_INPUT_UNREADABLE'; readonly path: string }
  /** A file was read, but holds no tensor that can be used. */
  | { readonly code: 'CLI_INPUT_INVALID'; readonly path: string; readonly problem: string }
  /** A prompt that was named is no text that can be sent. */
  | { readonly code: 'CLI_PROMPT_INVALID'; readonly path: string; readonly expected: string }
  /** A model that was to talk has no chat template. */
  | { readonly code: 'CLI_CHAT_UNSUPPORTED'; readonly model: string }
  /** Results cannot be written. */
  | { readonly code: 'CLI_OUTPUT_UNWRITABLE'; readonly path: string }
  /** `brume explain` was asked about something that is no code. */
  | { readonly code: 'CLI_CODE_UNKNOWN'; readonly name: string; readonly nearest?: string }
  /** The daemon's answer is not one that this program knows. */
  | { readonly code: 'CLI_RESPONSE_INVALID'; readonly path: string }
  /** The daemon did not answer in time. */
  | { readonly code: 'CLI_TIMED_OUT'; readonly path: string; readonly timeoutMs: number }
  /** What `brume wait` waited for has not come to pass in time. */
  | { readonly code: 'CLI_WAIT_OVER'; readonly what: string; readonly timeoutMs: number }
  /** What was followed has been cancelled by someone else. */
  | { readonly code: 'CLI_CANCELLED'; readonly what: string }

/** A command that could not do what it was asked. */
export class CliError extends CodedError<CliFailure> {
  constructor(failure: CliFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

export const CLI_ERRORS: ErrorTable<CliFailure['code']> = {
  CLI_USAGE_INVALID: {
    meaning: 'the command line was given words or options that it does not know',
    hint: '`brume --help` lists the commands, `brume COMMAND --help` its options',
    retryable: false,
    exit: 2,
    status: 400,
  },
  CLI_INPUT_UNREADABLE: {
    meaning: 'an input file cannot be read',
    hint: 'check the path and its permissions',
    retryable: false,
    exit: 2,
    status: 400,
  },
  CLI_INPUT_INVALID: {
    meaning: 'an input file holds no tensor that can be used',
    hint: 'give .npy files, or .json of the form {"name": {"type": "float32", "dims": [1, 2], "data": [0, 1]}}',
    retryable: false,
    exit: 2,
    status: 400,
  },
  CLI_PROMPT_INVALID: {
    meaning: 'a prompt is no text that can be sent to a model',
    hint: 'give text in UTF-8, no longer than the context of the model: `brume model show`',
    retryable: false,
    exit: 2,
    status: 400,
  },
  CLI_CHAT_UNSUPPORTED: {
    meaning: 'the model has no chat template: it does not know questions from answers',
    hint: 'let it write on from a prompt with `brume generate`, or use a model made for chats',
    retryable: false,
    exit: 2,
    status: 409,
  },
  CLI_OUTPUT_UNWRITABLE: {
    meaning: 'a result cannot be written to its file',
    hint: 'check that the folder exists, may be written to and has room',
    retryable: true,
    exit: 1,
    status: 500,
  },
  CLI_CODE_UNKNOWN: {
    meaning: 'there is no error code of this name',
    hint: 'docs/errors.md lists all codes',
    retryable: false,
    exit: 5,
    status: 404,
  },
  CLI_RESPONSE_INVALID: {
    meaning: 'the daemon answered in a form that this command line does not know',
    hint: 'use the same version of both: see `brume version` and `brume status`',
    retryable: false,
    exit: 1,
    status: 502,
  },
  CLI_TIMED_OUT: {
    meaning: 'the daemon did not answer in time',
    hint: 'see what it does with `brume status`, or look at its log',
    retryable: true,
    exit: 6,
    status: 504,
  },
  CLI_WAIT_OVER: {
    meaning: 'what brume wait waited for has not come to pass in time',
    hint: '`brume status` says how things stand, `--timeout 5m` waits longer',
    retryable: true,
    exit: 6,
    status: 504,
  },
  CLI_CANCELLED: {
    meaning: 'the work that was followed has been cancelled',
    hint: 'start it again if it was not meant to be',
    retryable: true,
    exit: 8,
    status: 409,
  },
}

type Of<Code extends CliFailure['code']> = Extract<CliFailure, { readonly code: Code }>

const DESCRIBE: { readonly [Code in CliFailure['code']]: (failure: Of<Code>) => string } = {
  CLI_USAGE_INVALID: ({ problem }) => problem,
  CLI_INPUT_UNREADABLE: ({ path }) => `cannot read ${path}`,
  CLI_INPUT_INVALID: ({ path, problem }) => `${path}: ${problem}`,
  CLI_PROMPT_INVALID: ({ path, expected }) => `expected ${expected} in ${path}`,
  CLI_CHAT_UNSUPPORTED: ({ model }) => `expected a model with a chat template, ${model} has none`,
  CLI_OUTPUT_UNWRITABLE: ({ path }) => `cannot write ${path}`,
  CLI_CODE_UNKNOWN: ({ name, nearest }) =>
    `no code ${name}${nearest === undefined ? '' : `, did you mean ${nearest}`}`,
  CLI_RESPONSE_INVALID: ({ path }) => `expected a known answer from ${path}, got another`,
  CLI_TIMED_OUT: ({ path, timeoutMs }) => `no answer from ${path} for ${msText(timeoutMs)}`,
  CLI_WAIT_OVER: ({ what, timeoutMs }) =>
    `expected ${what} within ${msText(timeoutMs)}, it did not come`,
  CLI_CANCELLED: ({ what }) => `${what} was cancelled`,
}

function describe(failure: CliFailure): string {
  // The compiler cannot see that both sides of the look-up name the same code.
  return (DESCRIBE[failure.code] as (failure: CliFailure) => string)(failure)
}
