/**
 * What can go wrong when a model is loaded or run.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import type { Provider } from './provider.ts'

export type RuntimeFailure =
  /** No process could be started for the model. */
  | { readonly code: 'RUNTIME_SPAWN_FAILED'; readonly detail: string }
  /** onnxruntime refused the model. */
  | { readonly code: 'RUNTIME_LOAD_FAILED'; readonly detail: string }
  /** Loading took longer than it may. */
  | { readonly code: 'RUNTIME_LOAD_TIMEOUT'; readonly limitMs: number }
  /** The provider does not run on this device. */
  | {
      readonly code: 'RUNTIME_PROVIDER_UNAVAILABLE'
      readonly provider: Provider
      readonly detail: string
    }
  /** The model asked for more memory than it may have. */
  | { readonly code: 'RUNTIME_MEMORY'; readonly limitBytes: number }
  /** The process ended while work was under way. */
  | {
      readonly code: 'RUNTIME_EXECUTOR_DIED'
      readonly exitCode: number | null
      readonly signal: string | null
      readonly stderrTail: string
    }
  /** A run took longer than it may; its process was killed. */
  | { readonly code: 'RUNTIME_RUN_TIMEOUT'; readonly limitMs: number }
  /** The process did nothing during a run, and was killed. */
  | { readonly code: 'RUNTIME_RUN_STALLED' }
  /** An input is not what the model asks for. */
  | { readonly code: 'RUNTIME_INPUT_INVALID'; readonly tensor: string; readonly detail: string }
  /** onnxruntime reported an error during a run. */
  | { readonly code: 'RUNTIME_RUN_FAILED'; readonly detail: string }
  /** What a stage made of a text is no number. */
  | { readonly code: 'RUNTIME_NOT_FINITE'; readonly detail: string }
  /** The grammar or schema of a text was refused, or left nothing to draw. */
  | { readonly code: 'RUNTIME_GUIDE_FAILED'; readonly detail: string }
  /** More runs wait than the queue holds. */
  | { readonly code: 'RUNTIME_QUEUE_FULL'; readonly limit: number }
  /** More executors are asked for than may run at once. */
  | { readonly code: 'RUNTIME_EXECUTORS_FULL'; readonly limit: number }
  /** A stage crashed too often in too short a time. */
  | {
      readonly code: 'RUNTIME_EXECUTOR_CRASHING'
      readonly crashes: number
      readonly windowMs: number
    }
  /** A stage does not give the answer that it must give. */
  | {
      readonly code: 'RUNTIME_SELF_TEST_FAILED'
      readonly provider: Provider
      readonly detail: string
    }
  /** The process broke the rules of its socket. */
  | { readonly code: 'RUNTIME_EXECUTOR_FAULTY'; readonly detail: string }

/** A model that could not be loaded or run. */
export class RuntimeError extends CodedError<RuntimeFailure> {
  constructor(failure: RuntimeFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

/** Rows of docs/errors.md. */
export const RUNTIME_ERRORS: ErrorTable<RuntimeFailure['code']> = {
  RUNTIME_SPAWN_FAILED: {
    meaning: 'no executor process could be started',
    hint: 'check the limits on processes and memory of the user that runs the daemon',
    retryable: true,
    exit: 1,
    status: 503,
  },
  RUNTIME_LOAD_FAILED: {
    meaning: 'onnxruntime refused the model',
    hint: 'verify the model with `brume model verify`, or import it again from a valid ONNX file',
    retryable: false,
    exit: 8,
    status: 422,
  },
  RUNTIME_LOAD_TIMEOUT: {
    meaning: 'loading the model took longer than it may',
    hint: 'raise the load limit in the runtime section of the configuration, or use a smaller model',
    retryable: true,
    exit: 6,
    status: 504,
  },
  RUNTIME_PROVIDER_UNAVAILABLE: {
    meaning: 'the execution provider asked for does not run on this device',
    hint: 'see `brume device` for the providers it has, or use `--provider auto`',
    retryable: false,
    exit: 7,
    status: 409,
  },
  RUNTIME_MEMORY: {
    meaning: 'the model asked for more memory than it may have',
    hint: 'cut it into more stages, or raise the memory that stages may use',
    retryable: false,
    exit: 7,
    status: 507,
  },
  RUNTIME_EXECUTOR_DIED: {
    meaning: 'the executor process ended while work was under way',
    hint: 'run the job again: the stage is started anew or moved to another device',
    retryable: true,
    exit: 8,
    status: 502,
  },
  RUNTIME_RUN_TIMEOUT: {
    meaning: 'a run took longer than it may and its process was killed',
    hint: 'raise the run limit in the runtime section of the configuration, or cut the model into more stages',
    retryable: true,
    exit: 6,
    status: 504,
  },
  RUNTIME_RUN_STALLED: {
    meaning: 'a process did nothing in the middle of a run and was killed',
    hint: 'try again; when it happens again, look what stopped it: a signal, a debugger, a control group that is frozen',
    retryable: true,
    exit: 6,
    status: 503,
  },
  RUNTIME_INPUT_INVALID: {
    meaning: 'an input is not what the model asks for',
    hint: 'see `brume model show` for the names, types and shapes of its inputs',
    retryable: false,
    exit: 2,
    status: 422,
  },
  RUNTIME_RUN_FAILED: {
    meaning: 'onnxruntime reported an error during a run',
    hint: 'check the shapes of the inputs against each other with `brume model show`',
    retryable: false,
    exit: 8,
    status: 422,
  },
  RUNTIME_NOT_FINITE: {
    meaning: 'what a stage made of a text is no number',
    hint: 'verify the model with `brume model verify`; where it is well, the memory of the device may be bad',
    retryable: true,
    exit: 8,
    status: 502,
  },
  RUNTIME_GUIDE_FAILED: {
    meaning: 'a grammar or schema was refused, or left no token that may come next',
    hint: 'make it simpler, or give it a way to end',
    retryable: false,
    exit: 2,
    status: 422,
  },
  RUNTIME_QUEUE_FULL: {
    meaning: 'more runs wait for an executor than its queue holds',
    hint: 'keep fewer requests in flight',
    retryable: true,
    exit: 7,
    status: 429,
  },
  RUNTIME_EXECUTORS_FULL: {
    meaning: 'more executors are asked for than may run at once on this device',
    hint: 'wait for other work to end, or raise the limit in the runtime section of the configuration',
    retryable: true,
    exit: 7,
    status: 503,
  },
  RUNTIME_EXECUTOR_CRASHING: {
    meaning: 'a stage crashed too often in too short a time and is not started again for now',
    hint: 'look at the daemon log for the last words of its process',
    retryable: true,
    exit: 8,
    status: 503,
  },
  RUNTIME_SELF_TEST_FAILED: {
    meaning: 'a stage does not repeat its own answer, or differs too much from the cpu provider',
    hint: 'use `--provider cpu`, or update the driver of the accelerator',
    retryable: false,
    exit: 8,
    status: 500,
  },
  RUNTIME_EXECUTOR_FAULTY: {
    meaning: 'an executor process sent bytes that are no message',
    hint: 'treat the model as hostile and remove it with `brume model rm`',
    retryable: false,
    exit: 8,
    status: 502,
  },
}

type Of<Code extends RuntimeFailure['code']> = Extract<RuntimeFailure, { readonly code: Code }>

const DESCRIBE: { readonly [Code in RuntimeFailure['code']]: (failure: Of<Code>) => string } = {
  RUNTIME_SPAWN_FAILED: ({ detail }) => `no executor process could be started: ${detail}`,
  RUNTIME_LOAD_FAILED: ({ detail }) => `the model could not be loaded: ${detail}`,
  RUNTIME_LOAD_TIMEOUT: ({ limitMs }) => `expected the model to load within ${limitMs} ms`,
  RUNTIME_PROVIDER_UNAVAILABLE: ({ detail, provider }) =>
    `provider ${provider} is not available: ${detail}`,
  RUNTIME_MEMORY: ({ limitBytes }) =>
    `expected the model to stay within ${limitBytes} bytes of memory`,
  RUNTIME_EXECUTOR_DIED: ({ exitCode, signal }) =>
    `the executor ended with ${signal ?? `exit code ${exitCode}`}`,
  RUNTIME_RUN_TIMEOUT: ({ limitMs }) => `expected the run to end within ${limitMs} ms`,
  RUNTIME_RUN_STALLED: () => 'the process neither computed nor waited for the processor',
  RUNTIME_INPUT_INVALID: ({ detail, tensor }) => `input ${tensor}: ${detail}`,
  RUNTIME_RUN_FAILED: ({ detail }) => `the run failed: ${detail}`,
  RUNTIME_NOT_FINITE: ({ detail }) => `expected numbers: ${detail}`,
  RUNTIME_GUIDE_FAILED: ({ detail }) => `the grammar or schema cannot guide the text: ${detail}`,
  RUNTIME_QUEUE_FULL: ({ limit }) => `expected at most ${limit} runs to wait`,
  RUNTIME_EXECUTORS_FULL: ({ limit }) => `expected at most ${limit} executors at once`,
  RUNTIME_EXECUTOR_CRASHING: ({ crashes, windowMs }) =>
    `the executor crashed ${crashes} times within ${windowMs} ms`,
  RUNTIME_SELF_TEST_FAILED: ({ detail, provider }) => `self-test on ${provider} failed: ${detail}`,
  RUNTIME_EXECUTOR_FAULTY: ({ detail }) => `the executor broke its protocol: ${detail}`,
}

function describe(failure: RuntimeFailure): string {
  // The compiler cannot see that both sides of the look-up name the same code.
  return (DESCRIBE[failure.code] as (failure: RuntimeFailure) => string)(failure)
}
