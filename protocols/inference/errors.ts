/**
 * Codes of /brume/inference/1 and of those who drive it.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import type { FaultCode } from './faults.ts'

/** What can end a session or a request. */
export type InferenceCode =
  | FaultCode
  | 'INFERENCE_COMPLAINT_UNFOUNDED'
  | 'INFERENCE_FRAME_INVALID'
  | 'INFERENCE_LINK_LOST'
  | 'INFERENCE_NO_REPLACEMENT'
  | 'INFERENCE_OPEN_TIMEOUT'
  | 'INFERENCE_OUTPUT_INVALID'
  | 'INFERENCE_RECOVERIES_EXCEEDED'
  | 'INFERENCE_STAGE_LEAVING'
  | 'INFERENCE_STALLED'
  | 'INFERENCE_VERSION'

export interface InferenceFailure {
  readonly code: InferenceCode
  /** Index of the stage that it is about, when it is about one. */
  readonly stage?: number
  /** The request that it is about, when it is about one. */
  readonly request?: number
}

/** A session or request that could not be completed. */
export class InferenceError extends CodedError<InferenceFailure> {
  constructor(failure: InferenceFailure, options?: ErrorOptions) {
    const at = failure.stage === undefined ? '' : ` at stage ${failure.stage}`
    const of = failure.request === undefined ? '' : ` for request ${failure.request}`
    super(failure, `${INFERENCE_ERRORS[failure.code].meaning}${at}${of}`, options)
  }
}

export const INFERENCE_ERRORS: ErrorTable<InferenceCode> = {
  INFERENCE_CLASS_OTHER: {
    meaning: 'a device computes a stage in another numeric class than its session asks for',
    hint: 'another device is asked; `exact` of the result is false where nobody else was left',
    retryable: true,
    exit: 7,
    status: 503,
  },
  INFERENCE_COMPLAINT_UNFOUNDED: {
    meaning:
      'a device said of one device after another that what the stage before sent is of no use',
    hint: 'nothing to do: it is replaced, and who was before it is cleared',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_CUT_INVALID: {
    meaning: 'a stage was sent tensors by the stage before it that it cannot use',
    hint: 'the stage before is replaced; one that does it again and again should leave the mesh',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_EXECUTOR_DIED: {
    meaning: 'the process that computes a stage died',
    hint: 'nothing is lost: the stage is replaced; see the log of the device that held it',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_FRAME_INVALID: {
    meaning: 'a peer sent bytes that are no frame of the inference protocol',
    hint: 'bring both devices to the same version of brume; if it repeats, ban the peer',
    retryable: false,
    exit: 8,
    status: 502,
  },
  INFERENCE_GUIDE_FAILED: {
    meaning: 'the grammar or schema of a text was refused, or left no token that may come next',
    hint: 'make it simpler, or give it a way to end; `minTokens` and biases may rule out what it needs',
    retryable: false,
    exit: 2,
    status: 422,
  },
  INFERENCE_INPUT_INVALID: {
    meaning: 'an input does not fit the model',
    hint: 'compare the names, types and shapes with `brume model show`',
    retryable: false,
    exit: 2,
    status: 422,
  },
  INFERENCE_JOURNAL_MISSING: {
    meaning: 'a stage no longer holds what its successor needs to be rebuilt',
    hint: 'the request starts again from its input; raise scheduler.journalBytesMax if it repeats',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_LINK_LOST: {
    meaning: 'the connection to a stage was lost',
    hint: 'the stage is replaced; check that the device is up with `brume peers`',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_LOAD_FAILED: {
    meaning: 'a stage could not be loaded',
    hint: 'see the log of the device; `brume model verify` checks the model there',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_MEMORY: {
    meaning: 'other work has the memory that a stage or its text needs on a device',
    hint: 'try again when it is done; for more at once, raise scheduler.textBytesMax on the device',
    retryable: true,
    exit: 7,
    status: 507,
  },
  INFERENCE_MESSAGE_TOO_LARGE: {
    meaning: 'the tensors of one request are larger than one message may be',
    hint: 'use smaller inputs, or other cuts: `brume model show` says how wide each one is',
    retryable: false,
    exit: 7,
    status: 413,
  },
  INFERENCE_MODEL_UNAVAILABLE: {
    meaning: 'a stage could not fetch its part of the model',
    hint: 'check that a device that holds the model is up: `brume peers --class model:<id>`',
    retryable: true,
    exit: 8,
    status: 503,
  },
  INFERENCE_NEXT_UNREACHABLE: {
    meaning: 'a stage cannot reach the stage after it',
    hint: 'check that both devices are in the same network and reachable from each other',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_NO_REPLACEMENT: {
    meaning: 'a stage was lost and no other device can take it',
    hint: 'start more devices, or free memory on those in `brume peers`, and run the job again',
    retryable: true,
    exit: 8,
    status: 503,
  },
  INFERENCE_NOT_ALLOWED: {
    meaning: 'the role of a device in the mesh does not allow this session',
    hint: 'jobs are submitted by submitters and workers, and run on workers: see `brume peers`',
    retryable: false,
    exit: 4,
    status: 403,
  },
  INFERENCE_NOT_FINITE: {
    meaning: 'a stage made what is no number of what is one',
    hint: 'another device is asked; where all do so, check the model with `brume model verify`',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_OPEN_REFUSED: {
    meaning: 'a device refused to open a stage',
    hint: 'see `brume peers` for what the device lends now',
    retryable: true,
    exit: 7,
    status: 503,
  },
  INFERENCE_OPEN_TIMEOUT: {
    meaning: 'a stage was not ready in time',
    hint: 'the device may still be fetching the model: try again, or raise runtime.loadDeadlineMs',
    retryable: true,
    exit: 6,
    status: 504,
  },
  INFERENCE_OUTPUT_INVALID: {
    meaning: 'a device sent outputs that are not those of the model',
    hint: 'another device is asked; one that does it again and again should leave the mesh',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_OVERLOADED: {
    meaning: 'a device holds as many sessions or requests as it may',
    hint: 'try again in a moment',
    retryable: true,
    exit: 7,
    status: 503,
  },
  INFERENCE_RECOVERIES_EXCEEDED: {
    meaning: 'a session lost more stages than it may replace',
    hint: 'see the recoveries of the job: a device that fails again and again should leave the mesh',
    retryable: true,
    exit: 8,
    status: 503,
  },
  INFERENCE_RUN_FAILED: {
    meaning: 'the model failed on this input',
    hint: 'check the input against `brume model show`; `brume model verify` checks the model',
    retryable: false,
    exit: 8,
    status: 422,
  },
  INFERENCE_RUN_TIMEOUT: {
    meaning: 'a stage computed longer than it may',
    hint: 'raise runtime.runDeadlineMs, or use more stages',
    retryable: true,
    exit: 6,
    status: 504,
  },
  INFERENCE_SELF_TEST_FAILED: {
    meaning: 'a device failed the known-answer test of a stage',
    hint: 'use another execution provider there: `--provider cpu`',
    retryable: false,
    exit: 8,
    status: 502,
  },
  INFERENCE_SESSION_UNKNOWN: {
    meaning: 'a device does not know the session that it was asked about',
    hint: 'nothing to do: the stage is opened again',
    retryable: true,
    exit: 8,
    status: 502,
  },
  INFERENCE_STAGE_LEAVING: {
    meaning: 'a device takes its stage back',
    hint: 'nothing to do: the stage moves to another device',
    retryable: true,
    exit: 8,
    status: 503,
  },
  INFERENCE_STALLED: {
    meaning: 'a stage made no progress in time',
    hint: 'the stage is replaced; the device may be overloaded or asleep',
    retryable: true,
    exit: 6,
    status: 504,
  },
  INFERENCE_TOO_LARGE: {
    meaning: 'a stage or its text needs more memory than a device gives to one',
    hint: 'use more stages or fewer tokens, or raise scheduler.textBytesMax or runtime.executorMemoryBytes there',
    retryable: false,
    exit: 7,
    status: 507,
  },
  INFERENCE_UNSETTLED: {
    meaning: 'a stage was not ordered, or what it did was not settled',
    hint: 'see that the ledger of this device is open with `brume status`, then repeat the work',
    retryable: true,
    exit: 8,
    status: 402,
  },
  INFERENCE_VERSION: {
    meaning: 'a peer speaks another version of the inference protocol',
    hint: 'bring both devices to the same version of brume',
    retryable: false,
    exit: 8,
    status: 502,
  },
}
