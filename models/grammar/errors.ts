/**
 * Why a grammar or a JSON schema cannot guide a text.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type GrammarErrorCode =
  | 'GRAMMAR_SYNTAX'
  | 'GRAMMAR_INVALID'
  | 'GRAMMAR_LIMIT'
  | 'GRAMMAR_SCHEMA_INVALID'
  | 'GRAMMAR_SCHEMA_UNSUPPORTED'

const refusedGrammar = { retryable: false, exit: 2, status: 400 } as const

export const GRAMMAR_ERRORS: ErrorTable<GrammarErrorCode> = {
  GRAMMAR_SYNTAX: {
    meaning: 'the text is not a grammar in the GBNF notation',
    hint: 'the message says where reading stopped and what was expected there',
    ...refusedGrammar,
  },
  GRAMMAR_INVALID: {
    meaning: 'a rule of the grammar calls itself before it reads anything, or never ends',
    hint: 'write lists as an item and a repeated rest, and give each rule a way out',
    ...refusedGrammar,
  },
  GRAMMAR_LIMIT: {
    meaning: 'the grammar or schema is larger or deeper than is accepted',
    hint: 'shorten lists of values, lower large counts, or split the schema',
    ...refusedGrammar,
  },
  GRAMMAR_SCHEMA_INVALID: {
    meaning: 'the JSON schema contradicts itself, or a keyword has a value of the wrong kind',
    hint: 'the message names the keyword',
    ...refusedGrammar,
  },
  GRAMMAR_SCHEMA_UNSUPPORTED: {
    meaning: 'the JSON schema uses a keyword or value that cannot guide a text',
    hint: 'the message names it; leave it out and check the answer afterwards, or say it with what is supported',
    ...refusedGrammar,
  },
}
