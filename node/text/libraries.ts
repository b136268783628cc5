/**
 * The two libraries of this folder, with the types of what is used of them.
 *
 * Their own declarations import one another without the ends of file names, which the rules of Node
 * for modules do not resolve: what they declare would count as anything.
 *
 * @module
 */

import * as jinja from '@huggingface/jinja'
import * as tokenizers from '@huggingface/tokenizers'

/** A tokenizer.json and a tokenizer_config.json, parsed. */
type NewTokenizer = new (
  tokenizer: object,
  config: object,
) => {
  encode(
    text: string,
    options: { readonly add_special_tokens: boolean },
  ): { readonly ids: readonly (number | undefined)[] }
}

/** Part of a parsed template. */
interface Statement {
  readonly type: string
}

/** A value of a running template. */
interface RuntimeValue {
  readonly type: string
  readonly value: unknown
}

interface Scope {
  set(name: string, value: unknown): RuntimeValue
}

type NewInterpreter = new (scope: Scope) => {
  run(program: Statement): RuntimeValue
  evaluate(statement: Statement | undefined, scope: Scope): RuntimeValue
}

interface Jinja {
  readonly Environment: new () => Scope
  readonly Interpreter: NewInterpreter
  readonly tokenize: (
    template: string,
    options: { readonly lstrip_blocks: boolean; readonly trim_blocks: boolean },
  ) => readonly object[]
  readonly parse: (tokens: readonly object[]) => Statement
}

export type { RuntimeValue, Scope, Statement }
export const { Environment, Interpreter, tokenize, parse } = jinja as unknown as Jinja
export const { Tokenizer } = tokenizers as unknown as { readonly Tokenizer: NewTokenizer }
export type Tokenizer = InstanceType<NewTokenizer>
