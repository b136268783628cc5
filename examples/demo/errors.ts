/**
 * Failures of the demo: what it started did not do what it was to show.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

/** What went wrong, with the facts of each code. */
export type DemoFailure =
  | { readonly code: 'DEMO_DAEMON_FAILED'; readonly device: string; readonly problem: string }
  | { readonly code: 'DEMO_DAEMON_UNREACHABLE'; readonly url: string }
  | {
      readonly code: 'DEMO_REQUEST_FAILED'
      /** Code of the daemon's own failure. */
      readonly cause: string
      readonly hint: string
    }
  | { readonly code: 'DEMO_TIMED_OUT'; readonly waitingFor: string; readonly limitMs: number }
  | { readonly code: 'DEMO_STAGE_NOT_KILLED'; readonly problem: string }
  | { readonly code: 'DEMO_ANSWER_CHANGED'; readonly problem: string }
  | { readonly code: 'DEMO_TEXT_MISREAD'; readonly missed: readonly string[] }

/** A failure of the demo. */
export class DemoError extends CodedError<DemoFailure> {}

/** A row for each code. */
export const DEMO_ERRORS: ErrorTable<DemoFailure['code']> = {
  DEMO_DAEMON_FAILED: {
    meaning: 'a daemon of the demo ended or did not start',
    hint: 'read its log, which the demo left beside its picture, in brume-demo',
    retryable: true,
    exit: 1,
    status: 500,
  },
  DEMO_DAEMON_UNREACHABLE: {
    meaning: 'a daemon of the demo does not answer',
    hint: 'read its log, which the demo left beside its picture, in brume-demo',
    retryable: true,
    exit: 3,
    status: 502,
  },
  DEMO_REQUEST_FAILED: {
    meaning: 'a daemon of the demo refused a request or failed a job',
    hint: 'look its own code up in docs/errors.md',
    retryable: true,
    exit: 8,
    status: 502,
  },
  DEMO_TIMED_OUT: {
    meaning: 'something that the demo waited for did not happen in time',
    hint: 'try again when the machine is less busy',
    retryable: true,
    exit: 6,
    status: 504,
  },
  DEMO_STAGE_NOT_KILLED: {
    meaning: 'the demo could not kill the process of a stage in the middle of a run',
    hint: 'try again; where processes cannot be listed, this part of the demo cannot run',
    retryable: true,
    exit: 1,
    status: 500,
  },
  DEMO_ANSWER_CHANGED: {
    meaning: 'the run that lost a stage gave another answer than the run before',
    hint: 'this is a defect of Brume: report it with the output of --json',
    retryable: false,
    exit: 1,
    status: 500,
  },
  DEMO_TEXT_MISREAD: {
    meaning: 'words of the bundled page were not read',
    hint: 'this is a defect of Brume: report it with the output of --json',
    retryable: false,
    exit: 9,
    status: 500,
  },
}
