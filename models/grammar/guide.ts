/**
 * Grammars and schemas as they are asked for: text, whose notation says how it is read.
 *
 * @module
 */

import type { Refused, Result } from '../errors.ts'
import { attempt } from '../refuse.ts'
import type { Grammar } from './expression.ts'
import { gbnfGrammar } from './gbnf.ts'
import { jsonSchemaGrammar } from './json/schema-grammar.ts'
import { Lexical } from './lexical.ts'
import { Pushdown } from './pushdown.ts'

/** What a text has to be. */
export interface Guide {
  readonly notation: 'gbnf' | 'json-schema'
  /** The grammar; or the schema, as JSON. */
  readonly source: string
}

/** The grammar that a guide stands for. */
export function guideGrammar({ notation, source }: Guide): Result<Grammar> {
  if (notation === 'gbnf') return gbnfGrammar(source)
  const schema = parsed(source)
  return schema === undefined ? NO_JSON : jsonSchemaGrammar(schema.value)
}

/** Why no text can be guided by `guide`, whatever the vocabulary; undefined when one can. */
export function guideRefusal(guide: Guide): Refused | undefined {
  const grammar = guideGrammar(guide)
  if (grammar.type === 'refused') return grammar
  const made = attempt(() => new Pushdown(grammar.value, (expression) => new Lexical(expression)))
  return made.type === 'refused' ? made : undefined
}

const NO_JSON: Refused = {
  type: 'refused',
  code: 'GRAMMAR_SCHEMA_INVALID',
  reason: 'expected a schema in JSON',
}

function parsed(source: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(source) as unknown }
  } catch {
    // Where the text breaks off is of no use to anybody.
    return undefined
  }
}
