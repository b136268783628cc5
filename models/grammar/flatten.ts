/**
 * Makes small rules that call only rules without calls into such rules themselves: their tokens are then
 * looked up once for all places (token-vocabulary.ts).
 *
 * @module
 */

import { callsOf, partsOf, type Expression, type Grammar } from './expression.ts'

/** A rule that would grow beyond this many expressions keeps its calls. */
const SIZE_MAX = 256

/** The same texts, with fewer calls. */
export function flattened(grammar: Grammar): Grammar {
  const rules = [...grammar.rules]
  const calls = rules.map(callsOf)
  const sizes = rules.map(sizeOf)
  // Each pass that changes something makes a rule larger, so that there are at most SIZE_MAX.
  for (let changed = true; changed;) {
    changed = false
    for (const [index, rule] of rules.entries()) {
      const called = calls[index] ?? []
      const ready = called.length > 0 && called.every((call) => calls[call]?.length === 0)
      const size = called.reduce((sum, call) => sum + (sizes[call] ?? 0), sizes[index] ?? 0)
      if (!ready || size > SIZE_MAX) continue
      rules[index] = inlined(rule, rules)
      calls[index] = []
      sizes[index] = size
      changed = true
    }
  }
  return { ...grammar, rules }
}

function sizeOf(expression: Expression): number {
  return partsOf(expression).reduce((sum, part) => sum + sizeOf(part), 1)
}

function inlined(expression: Expression, rules: readonly Expression[]): Expression {
  switch (expression.type) {
    case 'rule':
      return rules[expression.rule] ?? expression
    case 'sequence':
      return { ...expression, parts: expression.parts.map((part) => inlined(part, rules)) }
    case 'choice':
      return { ...expression, options: expression.options.map((part) => inlined(part, rules)) }
    case 'repeat':
      return { ...expression, part: inlined(expression.part, rules) }
    case 'literal':
    case 'class':
      return expression
  }
}
