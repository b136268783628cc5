/**
 * What can go wrong with a text beside its session, its placement and its words.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../../core/errors.ts'

export type GenerateFailure =
  | { readonly code: 'GENERATE_CANCELLED' }
  | { readonly code: 'GENERATE_DEADLINE'; readonly deadlineMs: number }
  | { readonly code: 'GENERATE_INTERRUPTED' }
  | { readonly code: 'GENERATE_MODEL_ONE_PASS'; readonly model: string }
  | { readonly code: 'GENERATE_PROMPT_EMPTY' }
  | {
      readonly code: 'GENERATE_PROMPT_TOO_LONG'
      readonly tokens: number
      readonly positionsMax: number
    }
  | { readonly code: 'GENERATE_RESUME_UNKNOWN'; readonly text: string }
  | { readonly code: 'GENERATE_STOP_TOKEN_MISSING'; readonly model: string }
  | { readonly code: 'GENERATE_TOKEN_INVALID'; readonly token: number; readonly vocabulary: number }
  | { readonly code: 'GENERATE_TOKENIZER_MISSING'; readonly model: string }
  | { readonly code: 'GENERATE_TOO_MANY'; readonly limit: number }

/** A text that cannot be begun, or was stopped. */
export class GenerateError extends CodedError<GenerateFailure> {
  constructor(failure: GenerateFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

/** Rows of docs/errors.md. */
export const GENERATE_ERRORS: ErrorTable<GenerateFailure['code']> = {
  GENERATE_CANCELLED: {
    meaning: 'the text was cancelled',
    hint: 'ask again if that was not meant',
    retryable: false,
    exit: 1,
    status: 409,
  },
  GENERATE_DEADLINE: {
    meaning: 'the text was not done by its deadline',
    hint: 'give it more time or ask for fewer tokens',
    retryable: true,
    exit: 6,
    status: 504,
  },
  GENERATE_INTERRUPTED: {
    meaning: 'the daemon stopped while the text was being written',
    hint: 'ask again',
    retryable: true,
    exit: 8,
    status: 503,
  },
  GENERATE_MODEL_ONE_PASS: {
    meaning: 'the model does not generate text',
    hint: 'use `brume run`, or a model of which `brume model show` says what text it takes',
    retryable: false,
    exit: 2,
    status: 409,
  },
  GENERATE_PROMPT_EMPTY: {
    meaning: 'the prompt has no token',
    hint: 'give a prompt of at least one character',
    retryable: false,
    exit: 2,
    status: 422,
  },
  GENERATE_PROMPT_TOO_LONG: {
    meaning: 'the prompt does not fit into the context of the model',
    hint: 'shorten it, or take a model with a longer context: `brume model show`',
    retryable: false,
    exit: 2,
    status: 422,
  },
  GENERATE_RESUME_UNKNOWN: {
    meaning: 'there is no such text that could be taken up again',
    hint: 'it ended, or nobody took it up in time: ask again; see scheduler.resumeMs',
    retryable: false,
    exit: 1,
    status: 404,
  },
  GENERATE_STOP_TOKEN_MISSING: {
    meaning:
      'the model has no token that ends an answer, so none could end with its grammar or schema',
    hint: 'leave the grammar or schema out, or take another model: `brume model show`',
    retryable: false,
    exit: 2,
    status: 409,
  },
  GENERATE_TOKEN_INVALID: {
    meaning: 'the request names a token that the model does not know',
    hint: 'token ids begin at 0 and end before the vocabulary: `brume model show`',
    retryable: false,
    exit: 2,
    status: 422,
  },
  GENERATE_TOKENIZER_MISSING: {
    meaning: 'the model came without a tokenizer',
    hint: 'give token ids, or import the model again with its tokenizer.json beside it',
    retryable: false,
    exit: 2,
    status: 409,
  },
  GENERATE_TOO_MANY: {
    meaning: 'this device writes as many texts as it may',
    hint: 'wait for one to end',
    retryable: true,
    exit: 7,
    status: 429,
  },
}

function describe(failure: GenerateFailure): string {
  switch (failure.code) {
    case 'GENERATE_CANCELLED':
      return 'the text was cancelled'
    case 'GENERATE_DEADLINE':
      return `expected the text to be done in ${failure.deadlineMs} ms, it was not`
    case 'GENERATE_INTERRUPTED':
      return 'the daemon stopped while the text was being written'
    case 'GENERATE_MODEL_ONE_PASS':
      return `expected a model that generates text, ${failure.model} runs in one pass`
    case 'GENERATE_PROMPT_EMPTY':
      return 'expected a prompt of at least one token, got none'
    case 'GENERATE_PROMPT_TOO_LONG':
      return `expected fewer than ${failure.positionsMax} tokens, got ${failure.tokens}`
    case 'GENERATE_RESUME_UNKNOWN':
      return `expected a text that is kept, there is no ${failure.text}`
    case 'GENERATE_STOP_TOKEN_MISSING':
      return `expected a model with a token that ends answers, ${failure.model} has none`
    case 'GENERATE_TOKEN_INVALID':
      return `expected tokens below ${failure.vocabulary}, got ${failure.token}`
    case 'GENERATE_TOKENIZER_MISSING':
      return `expected a model with a tokenizer, ${failure.model} has none`
    case 'GENERATE_TOO_MANY':
      return `expected fewer than ${failure.limit} texts at once`
  }
}
