/**
 * What can go wrong between texts and tokens.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type TextFailure =
  /** The tokenizer's file is not in its form. `expected` says in which part. */
  | { readonly code: 'TEXT_TOKENIZER_INVALID'; readonly expected: string }
  /** A part of the tokenizer is of a kind that is not known here. */
  | { readonly code: 'TEXT_TOKENIZER_UNSUPPORTED'; readonly part: string }
  /** The tokenizer gives tokens that the model does not know. */
  | { readonly code: 'TEXT_TOKENIZER_OTHER'; readonly token: number; readonly vocabulary: number }
  /** The model has no chat template. */
  | { readonly code: 'TEXT_TEMPLATE_MISSING' }
  /** The chat template is no valid Jinja, or fails with these messages. */
  | { readonly code: 'TEXT_TEMPLATE_INVALID' }
  /** The chat template itself refuses these messages. */
  | { readonly code: 'TEXT_TEMPLATE_REFUSED' }
  /** The chat template goes on for too long, or makes too much. */
  | { readonly code: 'TEXT_TEMPLATE_LIMIT'; readonly limit: number; readonly of: string }
  /** A text is longer than is taken. */
  | { readonly code: 'TEXT_TOO_LONG'; readonly limit: number }
  /** Work took longer than it may; its thread was ended. */
  | { readonly code: 'TEXT_TIMEOUT'; readonly limitMs: number }
  /** Work took more memory than it may, or its thread died. */
  | { readonly code: 'TEXT_THREAD_DIED'; readonly limitBytes: number }
  /** More work waits than is kept. */
  | { readonly code: 'TEXT_QUEUE_FULL'; readonly limit: number }

/** A text that could not be turned into tokens. */
export class TextError extends CodedError<TextFailure> {
  constructor(failure: TextFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

const refused = { retryable: false, exit: 7, status: 422 } as const

/** Rows of docs/errors.md. */
export const TEXT_ERRORS: ErrorTable<TextFailure['code']> = {
  TEXT_TOKENIZER_INVALID: {
    meaning: 'the tokenizer of the model is not in the form of a tokenizer.json',
    hint: 'import the model again from its original files',
    ...refused,
  },
  TEXT_TOKENIZER_UNSUPPORTED: {
    meaning: 'the tokenizer of the model has a part that Brume does not know',
    hint: 'the message names the part; send tokens instead of text, or use another model',
    ...refused,
  },
  TEXT_TOKENIZER_OTHER: {
    meaning: 'the tokenizer has tokens that the model does not know: it is that of another model',
    hint: 'import the model again, with the tokenizer.json that belongs to it beside its weights',
    ...refused,
  },
  TEXT_TEMPLATE_MISSING: {
    meaning: 'the model has no chat template, so messages cannot be written as one text',
    hint: 'use a model that is made for chats, or send a plain prompt: `brume generate`, /v1/completions',
    ...refused,
  },
  TEXT_TEMPLATE_INVALID: {
    meaning: 'the chat template of the model fails with these messages',
    hint: 'check the messages for parts that this model has no place for, or import the model again',
    ...refused,
  },
  TEXT_TEMPLATE_REFUSED: {
    meaning: 'the chat template of the model refuses these messages',
    hint: 'most models want a system message first if at all, then user and assistant in turn',
    ...refused,
  },
  TEXT_TEMPLATE_LIMIT: {
    meaning: 'the chat template of the model goes on for too long, or makes too much text',
    hint: 'send fewer or shorter messages; if that does not help, treat the model as hostile',
    ...refused,
  },
  TEXT_TOO_LONG: {
    meaning: 'the text is longer than is accepted',
    hint: 'send a shorter text',
    retryable: false,
    exit: 2,
    status: 413,
  },
  TEXT_TIMEOUT: {
    meaning: 'turning the text into tokens took longer than it may',
    hint: 'send a shorter text; if that does not help, treat the model as hostile',
    retryable: true,
    exit: 6,
    status: 504,
  },
  TEXT_THREAD_DIED: {
    meaning: 'turning the text into tokens took more memory than it may',
    hint: 'send a shorter text; if that does not help, treat the model as hostile',
    retryable: true,
    exit: 7,
    status: 507,
  },
  TEXT_QUEUE_FULL: {
    meaning: 'more texts wait to be turned into tokens than are kept',
    hint: 'keep fewer requests in flight',
    retryable: true,
    exit: 7,
    status: 429,
  },
}

type Of<Code extends TextFailure['code']> = Extract<TextFailure, { readonly code: Code }>

const DESCRIBE: { readonly [Code in TextFailure['code']]: (failure: Of<Code>) => string } = {
  TEXT_TOKENIZER_INVALID: ({ expected }) => `expected ${expected} in the tokenizer`,
  TEXT_TOKENIZER_UNSUPPORTED: ({ part }) => `expected a known tokenizer, got one with ${part}`,
  TEXT_TOKENIZER_OTHER: ({ token, vocabulary }) =>
    `expected a tokenizer of tokens below ${vocabulary}, got ${token}`,
  TEXT_TEMPLATE_MISSING: () => 'expected a model with a chat template, got one without',
  TEXT_TEMPLATE_INVALID: () => 'the chat template of the model fails with these messages',
  TEXT_TEMPLATE_REFUSED: () => 'the chat template of the model refuses these messages',
  TEXT_TEMPLATE_LIMIT: ({ limit, of }) => `expected at most ${limit} ${of} of the chat template`,
  TEXT_TOO_LONG: ({ limit }) => `expected a text of at most ${limit} characters`,
  TEXT_TIMEOUT: ({ limitMs }) => `expected the text to be read within ${limitMs} ms`,
  TEXT_THREAD_DIED: ({ limitBytes }) => `expected work on text to take at most ${limitBytes} bytes`,
  TEXT_QUEUE_FULL: ({ limit }) => `expected at most ${limit} texts to wait`,
}

function describe(failure: TextFailure): string {
  // The compiler cannot see that both sides of the look-up name the same code.
  return (DESCRIBE[failure.code] as (failure: TextFailure) => string)(failure)
}
