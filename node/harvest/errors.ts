/**
 * What can be wrong with a trace of signals.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type HarvestFailure =
  /** A line is not what a trace holds there. `reason` quotes nothing of it. */
  | { readonly code: 'HARVEST_TRACE_INVALID'; readonly line: number; readonly reason: string }
  /** It has more lines, or longer ones, or spans more time than a replay takes. */
  | { readonly code: 'HARVEST_TRACE_TOO_LARGE'; readonly limit: string }
  /** There is no trace to replay. */
  | { readonly code: 'HARVEST_TRACE_ABSENT'; readonly path: string }

/** A trace that cannot be replayed. */
export class HarvestError extends CodedError<HarvestFailure> {
  constructor(failure: HarvestFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

function describe(failure: HarvestFailure): string {
  switch (failure.code) {
    case 'HARVEST_TRACE_INVALID':
      return `line ${failure.line} of the trace: expected ${failure.reason}`
    case 'HARVEST_TRACE_TOO_LARGE':
      return `expected a trace of at most ${failure.limit}`
    case 'HARVEST_TRACE_ABSENT':
      return `expected a trace in ${failure.path}, got none`
  }
}

/** What the faces say about each code. */
export const HARVEST_ERRORS: ErrorTable<HarvestFailure['code']> = {
  HARVEST_TRACE_INVALID: {
    meaning: 'the file is no trace of signals, or a line of it is damaged',
    hint: 'give a file that the daemon or `brume harvest simulate --write` wrote; cut it before the line that the message names',
    retryable: false,
    exit: 2,
    status: 400,
  },
  HARVEST_TRACE_TOO_LARGE: {
    meaning: 'the trace is larger than a replay takes',
    hint: 'replay a part of it: its first line, and as many lines after that as are wanted',
    retryable: false,
    exit: 2,
    status: 400,
  },
  HARVEST_TRACE_ABSENT: {
    meaning: 'there is no trace to replay',
    hint: 'the daemon writes one while it runs; a generated one needs none: `brume harvest simulate --scene office`',
    retryable: false,
    exit: 5,
    status: 404,
  },
}
