/**
 * What can go wrong with a job beside its sessions and its placement.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../../core/errors.ts'

export type JobFailure =
  | { readonly code: 'JOB_CANCELLED' }
  | { readonly code: 'JOB_DEADLINE'; readonly deadlineMs: number }
  | { readonly code: 'JOB_INPUT_INVALID'; readonly input: number; readonly reason: string }
  | { readonly code: 'JOB_INTERRUPTED' }
  | { readonly code: 'JOB_MODEL_GENERATES'; readonly model: string }
  | { readonly code: 'JOB_NOT_DONE'; readonly state: string }
  | { readonly code: 'JOB_OUTPUTS_GONE' }
  | { readonly code: 'JOB_TOO_MANY'; readonly limit: number }

/** A job that cannot be taken, was stopped, or has no outputs. */
export class JobError extends CodedError<JobFailure> {
  constructor(failure: JobFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

/** Rows of docs/errors.md. */
export const JOB_ERRORS: ErrorTable<JobFailure['code']> = {
  JOB_CANCELLED: {
    meaning: 'the job was cancelled',
    hint: 'submit it again if that was not meant',
    retryable: false,
    exit: 1,
    status: 409,
  },
  JOB_DEADLINE: {
    meaning: 'the job was not done by its deadline',
    hint: 'give it more time, more devices or fewer inputs',
    retryable: true,
    exit: 6,
    status: 504,
  },
  JOB_INPUT_INVALID: {
    meaning: 'an input does not fit the model',
    hint: 'compare names, types and shapes with `brume model show`',
    retryable: false,
    exit: 2,
    status: 422,
  },
  JOB_INTERRUPTED: {
    meaning: 'the daemon stopped while the job was running',
    hint: 'submit the job again',
    retryable: true,
    exit: 8,
    status: 503,
  },
  JOB_MODEL_GENERATES: {
    meaning: 'the model generates text step by step, and does not run in one pass',
    hint: 'use `brume generate`, or import the model again with `--past none`',
    retryable: false,
    exit: 2,
    status: 409,
  },
  JOB_NOT_DONE: {
    meaning: 'the job has no outputs yet',
    hint: 'follow it with `brume job show` and ask again when it is done',
    retryable: true,
    exit: 7,
    status: 409,
  },
  JOB_OUTPUTS_GONE: {
    meaning: 'the outputs of the job are no longer kept',
    hint: 'run the job again, or raise scheduler.jobsKeptMax',
    retryable: false,
    exit: 5,
    status: 410,
  },
  JOB_TOO_MANY: {
    meaning: 'this device runs as many jobs as it may',
    hint: 'wait for one to end, or cancel one: `brume job list`',
    retryable: true,
    exit: 7,
    status: 429,
  },
}

function describe(failure: JobFailure): string {
  switch (failure.code) {
    case 'JOB_CANCELLED':
      return 'the job was cancelled'
    case 'JOB_DEADLINE':
      return `expected the job to be done in ${failure.deadlineMs} ms, it was not`
    case 'JOB_INPUT_INVALID':
      return `input ${failure.input}: ${failure.reason}`
    case 'JOB_INTERRUPTED':
      return 'the daemon stopped while the job was running'
    case 'JOB_MODEL_GENERATES':
      return `expected a model that runs in one pass, ${failure.model} generates text`
    case 'JOB_NOT_DONE':
      return `expected a job that is done, it is ${failure.state}`
    case 'JOB_OUTPUTS_GONE':
      return 'the outputs of the job are no longer kept'
    case 'JOB_TOO_MANY':
      return `expected fewer than ${failure.limit} running jobs`
  }
}
