/**
 * Names of properties that a schema does not list.
 *
 * @module
 */

import { GRAMMAR_NAME_MAX } from '../../limits.ts'
import { refuse } from '../../refuse.ts'
import { choice, literal, repeat, sequence, type Expression } from '../expression.ts'
import { inBoth, outside } from '../code-ranges.ts'
import { RAW_CHARACTERS } from './json-text.ts'

const RAW: Expression = { type: 'class', ranges: RAW_CHARACTERS }

/** JSON strings without escapes, which could spell a listed name another way, and none of `names`. */
export function otherNames(names: readonly string[]): Expression {
  const plain = names.filter(isRaw)
  if (plain.some((name) => name.length > GRAMMAR_NAME_MAX)) {
    refuse(
      'GRAMMAR_LIMIT',
      `expected names of at most ${GRAMMAR_NAME_MAX} characters beside others`,
    )
  }
  const rest = otherThan(plain.map((name) => Array.from(name)))
  return sequence(literal('"'), rest, literal('"'))
}

/** Whether a string without escapes can hold the name at all. */
function isRaw(name: string): boolean {
  return name.isWellFormed() && JSON.stringify(name) === `"${name}"`
}

/** Characters in a row that are none of `names`, themselves taken character by character. */
function otherThan(names: readonly (readonly string[])[]): Expression {
  const byFirst = Map.groupBy(
    names.filter((name) => name.length > 0),
    ([first = '']) => first,
  )
  const firsts = [...byFirst.keys()].map((character) => character.codePointAt(0) ?? 0)
  const elsewhere: Expression = {
    type: 'class',
    ranges: inBoth(outside(firsts.map((code) => [code, code])), RAW_CHARACTERS),
  }
  const options = [
    sequence(elsewhere, repeat(RAW, 0)),
    ...[...byFirst].map(([character, group]) =>
      sequence(literal(character), otherThan(group.map((name) => name.slice(1)))),
    ),
  ]
  if (names.every((name) => name.length > 0)) options.push(literal(''))
  return choice(...options)
}
