/**
 * Grammars as data: rules over text, in the operators of extended BNF.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'

/** Code points from the first to the second, both included. */
export type CodeRange = readonly [low: number, high: number]

/** A set of texts. */
export type Expression =
  | { readonly type: 'literal'; readonly bytes: Uint8Array }
  /** One character of any of the ranges, in UTF-8. */
  | { readonly type: 'class'; readonly ranges: readonly CodeRange[] }
  | { readonly type: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly type: 'choice'; readonly options: readonly Expression[] }
  /** Without a `max`: any number from `min` on. */
  | {
      readonly type: 'repeat'
      readonly part: Expression
      readonly min: number
      readonly max: number | undefined
    }
  | { readonly type: 'rule'; readonly rule: number }

/** Rules by their index. A text belongs to the grammar when it belongs to the root. */
export interface Grammar {
  readonly rules: readonly Expression[]
  readonly root: number
}

/** Every character that UTF-8 can write. */
export const ANY_CHARACTER: readonly CodeRange[] = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
]

export function literal(text: string): Expression {
  return { type: 'literal', bytes: utf8(text) }
}

export function classOf(...ranges: readonly CodeRange[]): Expression {
  return { type: 'class', ranges }
}

export function sequence(...parts: readonly Expression[]): Expression {
  return { type: 'sequence', parts }
}

export function choice(...options: readonly Expression[]): Expression {
  return { type: 'choice', options }
}

/** `part` from `min` to `max` times; without a `max`, any number from `min` on. */
export function repeat(part: Expression, min: number, max?: number): Expression {
  return { type: 'repeat', part, min, max }
}

export function optional(part: Expression): Expression {
  return repeat(part, 0, 1)
}

export function ruleOf(rule: number): Expression {
  return { type: 'rule', rule }
}

/** The expressions directly inside one. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case 'sequence':
      return expression.parts
    case 'choice':
      return expression.options
    case 'repeat':
      return [expression.part]
    case 'literal':
    case 'class':
    case 'rule':
      return []
  }
}

/** The rules that an expression calls. */
export function callsOf(expression: Expression): readonly number[] {
  return expression.type === 'rule' ? [expression.rule] : partsOf(expression).flatMap(callsOf)
}
