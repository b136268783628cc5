/**
 * Refuses grammars that no automaton can follow: left recursion, and rules without an end.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import { refuse } from '../refuse.ts'
import { partsOf, type Expression, type Grammar } from './expression.ts'

/** Ends the surrounding attempt unless each rule can end, and none calls itself before it reads a byte. */
export function checkRules({ rules }: Grammar): void {
  const ending = fixpoint(rules, ends)
  if (ending.includes(false)) {
    refuse('GRAMMAR_INVALID', 'expected rules that can end, got one that always calls itself')
  }
  const empty = fixpoint(rules, canBeEmpty)
  const first = rules.map((rule) => firstCalls(rule, empty))
  const state = rules.map(() => 'new')
  for (const [start] of rules.entries()) {
    if (state[start] === 'new') refuseCycles(start, first, state)
  }
}

type Judge = (expression: Expression, rules: readonly boolean[]) => boolean

/** The least set of rules for which `judge` holds, given itself. */
function fixpoint(rules: readonly Expression[], judge: Judge): readonly boolean[] {
  const holds = rules.map(() => false)
  const order = [...rules.entries()]
  for (let changed = true; changed;) {
    changed = false
    // Backwards and forwards in turn: chains of rules are long in one of the two.
    order.reverse()
    for (const [index, rule] of order) {
      if (holds[index] === true || !judge(rule, holds)) continue
      holds[index] = true
      changed = true
    }
  }
  return holds
}

function ends(expression: Expression, ending: readonly boolean[]): boolean {
  switch (expression.type) {
    case 'rule':
      return ending[expression.rule] === true
    case 'choice':
      return expression.options.some((option) => ends(option, ending))
    case 'repeat':
      return expression.min === 0 || ends(expression.part, ending)
    case 'class':
      return expression.ranges.length > 0
    case 'literal':
    case 'sequence':
      return partsOf(expression).every((part) => ends(part, ending))
  }
}

function canBeEmpty(expression: Expression, empty: readonly boolean[]): boolean {
  switch (expression.type) {
    case 'rule':
      return empty[expression.rule] === true
    case 'choice':
      return expression.options.some((option) => canBeEmpty(option, empty))
    case 'repeat':
      return expression.min === 0 || canBeEmpty(expression.part, empty)
    case 'sequence':
      return expression.parts.every((part) => canBeEmpty(part, empty))
    case 'literal':
      return expression.bytes.length === 0
    case 'class':
      return false
  }
}

/** Rules that may be called before a byte is read. */
function firstCalls(expression: Expression, empty: readonly boolean[]): readonly number[] {
  if (expression.type === 'rule') return [expression.rule]
  if (expression.type !== 'sequence') {
    return partsOf(expression).flatMap((part) => firstCalls(part, empty))
  }
  const reading = expression.parts.findIndex((part) => !canBeEmpty(part, empty))
  const reached = reading < 0 ? expression.parts : expression.parts.slice(0, reading + 1)
  return reached.flatMap((part) => firstCalls(part, empty))
}

/** Walks the first calls from `start`, without recursion: chains of rules may be long. */
function refuseCycles(start: number, first: readonly (readonly number[])[], state: string[]): void {
  const path = [{ rule: start, next: 0 }]
  state[start] = 'open'
  while (path.length > 0) {
    const at = path.at(-1)
    invariant(at !== undefined, 'the path is not empty')
    const called = first[at.rule]?.[at.next++]
    if (called === undefined) {
      state[at.rule] = 'done'
      path.pop()
    } else if (state[called] === 'open') {
      refuse('GRAMMAR_INVALID', 'expected rules that read before they call themselves')
    } else if (state[called] === 'new') {
      state[called] = 'open'
      path.push({ rule: called, next: 0 })
    }
  }
}
