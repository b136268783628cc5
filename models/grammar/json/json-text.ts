/**
 * JSON as expressions: strings, numbers, blanks, and values of any kind (RFC 8259).
 *
 * Blanks are bounded, as those of llama.cpp's grammars are: a model that may write any number of
 * them sometimes writes nothing else.
 *
 * @module
 */

import { outside } from '../code-ranges.ts'
import {
  choice,
  classOf,
  literal,
  optional,
  repeat,
  sequence,
  type CodeRange,
  type Expression,
} from '../expression.ts'

/** Digits of a number before its point, behind it, and of its exponent. */
const DIGITS_MAX = 16
const FRACTION_DIGITS_MAX = 15
const EXPONENT_DIGITS_MAX = 2

const DIGIT = classOf([0x30, 0x39])
const DIGIT_FROM_1 = classOf([0x31, 0x39])
const HEX = classOf([0x30, 0x39], [0x41, 0x46], [0x61, 0x66])

/** `"`, `\` and what stands below the space: characters that a JSON string only holds escaped (section 7). */
const ESCAPED: readonly CodeRange[] = [
  [0, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
]

/** Characters that stand for themselves in a JSON string. */
export const RAW_CHARACTERS: readonly CodeRange[] = outside(ESCAPED)

/** `\\uXXXX`, surrogates left out: half of a pair would be no character, and a pair two escapes for one. */
const ESCAPED_CODE = sequence(
  literal('\\u'),
  choice(
    sequence(classOf([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]), HEX),
    sequence(classOf([0x44, 0x44], [0x64, 0x64]), classOf([0x30, 0x37])),
  ),
  HEX,
  HEX,
)

/** One character of a JSON string, in any way of writing it. */
const CHARACTER: Expression = choice(
  { type: 'class', ranges: RAW_CHARACTERS },
  sequence(literal('\\'), { type: 'class', ranges: Array.from('"\\/bfnrt', one) }),
  ESCAPED_CODE,
)

/** At most one space, or a line break and up to sixteen spaces. */
export const BLANK: Expression = optional(
  choice(literal(' '), sequence(literal('\n'), repeat(literal(' '), 0, 16))),
)

/** A JSON string of `min` to `max` characters. */
export function stringOf(min: number, max: number | undefined): Expression {
  return sequence(literal('"'), repeat(CHARACTER, min, max), literal('"'))
}

/** An integer without a bound but that of its digits. */
export const INTEGER: Expression = sequence(
  optional(literal('-')),
  choice(literal('0'), sequence(DIGIT_FROM_1, repeat(DIGIT, 0, DIGITS_MAX - 1))),
)

export const NUMBER: Expression = sequence(
  INTEGER,
  optional(sequence(literal('.'), repeat(DIGIT, 1, FRACTION_DIGITS_MAX))),
  optional(
    sequence(
      classOf(one('e'), one('E')),
      optional(classOf(one('+'), one('-'))),
      repeat(DIGIT, 1, EXPONENT_DIGITS_MAX),
    ),
  ),
)

/** A value, as compact JSON. `value` comes from JSON, so that it has one. */
export function valueLiteral(value: unknown): Expression {
  return literal(JSON.stringify(value))
}

/** `open`, then `items`, which have their commas, then `close`; nothing between unless they are `needed`. */
export function listed(open: string, close: string, items: Expression, needed = false): Expression {
  const full = sequence(items, BLANK, literal(close))
  return sequence(literal(open), BLANK, needed ? full : choice(literal(close), full))
}

/** What stands before each item of a list but the first. */
export const COMMA: Expression = sequence(literal(','), BLANK)

/** What stands between the name and the value of a property. */
export const COLON: Expression = sequence(literal(':'), BLANK)

function one(character: string): CodeRange {
  const code = character.codePointAt(0) ?? 0
  return [code, code]
}
