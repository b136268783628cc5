/**
 * Turns any error into the one form in which all faces show it.
 *
 * @module
 */

import { CodedError, type ErrorRow, type Failure } from '../../core/errors.ts'
import { toHex } from '../../core/bytes.ts'
import { API_ERRORS } from './errors.ts'
import type { Problem } from './schemas/problem.ts'

/** The row of a code, from the catalogue of all rooms. */
export type ErrorLookup = (code: string) => ErrorRow | undefined

/** A failure that is a problem already: one of a text or a job, told by its events. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly problem: Problem

  constructor(told: Problem) {
    super(told.detail)
    this.problem = told
  }
}

/**
 * `error` as a problem. One without a code becomes API_INTERNAL, and its text stays in the log:
 * it was not written for whoever asks.
 */
export function problemOf(error: unknown, lookup: ErrorLookup): Problem {
  if (error instanceof ProblemError) return error.problem
  if (!(error instanceof CodedError)) {
    const { meaning } = API_ERRORS.API_INTERNAL
    return problem('API_INTERNAL', meaning, {}, API_ERRORS.API_INTERNAL)
  }
  const { code, ...facts } = error.failure as Failure & Record<string, unknown>
  // A code without a row is a mistake of ours; the caller still deserves the code and the text.
  const row = lookup(code) ?? { ...API_ERRORS.API_INTERNAL, meaning: error.message }
  return problem(code, error.message, facts, row)
}

function problem(
  code: string,
  detail: string,
  facts: Record<string, unknown>,
  row: ErrorRow,
): Problem {
  return {
    type: `about:blank#${code}`,
    title: row.meaning,
    status: row.status,
    detail,
    code,
    hint: row.hint,
    retryable: row.retryable,
    component: code.slice(0, code.indexOf('_')).toLowerCase(),
    exit: row.exit,
    details: JSON.parse(JSON.stringify(facts, jsonForm)) as Record<string, unknown>,
  }
}

function jsonForm(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? toHex(value) : value
}
