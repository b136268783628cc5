/**
 * The one base class of every error this project throws on purpose, and the rows that explain it.
 *
 * An error is a message for people and a `code` for programs. Callers branch on
 * `code`, never on `message`; codes do not change within a major version. Each
 * room lists its codes in an `errors.ts` of its own as an {@link ErrorTable};
 * docs/errors.md shows all of them and a test holds the two together.
 *
 * @module
 */

/** `ROOM_WHAT`, in capitals. */
export type ErrorCode = `${Uppercase<string>}_${Uppercase<string>}`

/** What every failure carries: a stable code, plus facts typed by that code. */
export interface Failure {
  readonly code: ErrorCode
}

/** What the faces (CLI, API, docs) say about a code beside its message. */
export interface ErrorRow {
  /** What went wrong, as one sentence without a full stop. */
  readonly meaning: string
  /** What to do about it, as one sentence without a full stop. */
  readonly hint: string
  /** True when the same request may succeed later without a change. */
  readonly retryable: boolean
  /** Exit code of the CLI: 1 failed, 2 usage, 3 no daemon, 4 not authorised, 5 not found, 6 timed out, 7 refused, 8 job failed, 9 partial, 74 the disk failed, 78 bad configuration. */
  readonly exit: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 70 | 74 | 78
  /** HTTP status of the API. */
  readonly status: number
}

/** One row for each code of a room. */
export type ErrorTable<Code extends ErrorCode> = Readonly<Record<Code, ErrorRow>>

/** A failure of disk, network, hardware or operator: something that a caller can act on. */
export abstract class CodedError<F extends Failure> extends Error {
  readonly code: F['code']
  readonly failure: F

  constructor(failure: F, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = failure.code
    this.failure = failure
  }
}

/** The code of `error` when it is one of ours, else undefined. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof CodedError ? (error.code as ErrorCode) : undefined
}
