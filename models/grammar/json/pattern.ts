/**
 * Regular expressions of JSON schemas as expressions over the text of a JSON string.
 *
 * Read as ECMA-262 with the flag u (JSON Schema 2020-12, section 6.4). Kept: characters and escapes, classes,
 * `.`, `\d \w \s` and their opposites, groups, alternatives and counts; `^` and `$` only at the
 * ends of an alternative. Everything else is refused.
 *
 * @module
 */

import { GRAMMAR_DEPTH_MAX } from '../../limits.ts'
import { refuse } from '../../refuse.ts'
import { inBoth, outside } from '../code-ranges.ts'
import {
  choice,
  literal,
  repeat,
  sequence,
  type CodeRange,
  type Expression,
} from '../expression.ts'
import { RAW_CHARACTERS } from './json-text.ts'

const COUNT = /\{([0-9]{1,5})(,?)([0-9]{1,5})?\}/y
const CODE = /(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))/y
const DIGITS: readonly CodeRange[] = [[0x30, 0x39]]
const WORDS: readonly CodeRange[] = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
/** WhiteSpace and LineTerminator of ECMA-262, section 22.2.2.9. */
const SPACES: readonly CodeRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const LINE_ENDS: readonly CodeRange[] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
]
/** What stands for a set, or for a control character, behind a backslash. */
const ESCAPES: ReadonlyMap<string, readonly CodeRange[]> = new Map<string, readonly CodeRange[]>([
  ['d', DIGITS],
  ['D', outside(DIGITS)],
  ['w', WORDS],
  ['W', outside(WORDS)],
  ['s', SPACES],
  ['S', outside(SPACES)],
  ['t', [[9, 9]]],
  ['n', [[10, 10]]],
  ['v', [[11, 11]]],
  ['f', [[12, 12]]],
  ['r', [[13, 13]]],
  ['0', [[0, 0]]],
])

/** How JSON writes the characters that cannot stand for themselves: the shortest way. */
const SHORT_ESCAPES: readonly (readonly [code: number, text: string])[] = Array.from(
  { length: 0x80 },
  (_, code) => [code, JSON.stringify(String.fromCodePoint(code)).slice(1, -1)] as const,
).filter(([, text]) => text.length > 1)

/** JSON strings whose text matches `pattern`. Ends the surrounding attempt where it is not kept. */
export function stringsMatching(pattern: string): Expression {
  return sequence(literal('"'), new PatternReader(pattern).read(), literal('"'))
}

/** Any of the characters, as a JSON string writes it. */
function characters(ranges: readonly CodeRange[]): Expression {
  const escaped = SHORT_ESCAPES.filter(([code]) =>
    ranges.some(([low, high]) => low <= code && code <= high),
  )
  const raw: Expression = { type: 'class', ranges: inBoth(ranges, RAW_CHARACTERS) }
  return escaped.length === 0 ? raw : choice(raw, ...escaped.map(([, text]) => literal(text)))
}

class PatternReader {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  read(): Expression {
    const options = [this.#anchored()]
    while (this.#accept('|')) options.push(this.#anchored())
    if (this.#at < this.#pattern.length) this.#refuse()
    return choice(...options)
  }

  /** An alternative of the whole pattern: where it has no `^` or `$`, anything may stand. */
  #anchored(): Expression {
    const anything = repeat(characters(outside([])), 0)
    const before = this.#accept('^') ? [] : [anything]
    const parts = this.#parts(0)
    const behind = this.#accept('$') ? [] : [anything]
    return sequence(...before, ...parts, ...behind)
  }

  #choice(depth: number): Expression {
    if (depth > GRAMMAR_DEPTH_MAX) {
      refuse('GRAMMAR_LIMIT', `expected groups nested at most ${GRAMMAR_DEPTH_MAX} deep`)
    }
    const options = [sequence(...this.#parts(depth))]
    while (this.#accept('|')) options.push(sequence(...this.#parts(depth)))
    return choice(...options)
  }

  #parts(depth: number): readonly Expression[] {
    const parts: Expression[] = []
    while (this.#at < this.#pattern.length && !'|)$'.includes(this.#here)) {
      const part = this.#item(depth)
      const count = this.#count()
      parts.push(count === undefined ? part : repeat(part, ...count))
    }
    return parts
  }

  #item(depth: number): Expression {
    if (this.#accept('(')) return this.#group(depth)
    if (this.#accept('[')) return characters(this.#class())
    if (this.#accept('.')) return characters(outside(LINE_ENDS))
    if (this.#accept('\\')) return characters(this.#escape())
    if ('^*+?{}]'.includes(this.#here)) this.#refuse()
    return characters([this.#code()])
  }

  #group(depth: number): Expression {
    if (this.#accept('?') && !this.#accept(':')) this.#refuse()
    const group = this.#choice(depth + 1)
    if (!this.#accept(')')) this.#refuse()
    return group
  }

  #count(): readonly [min: number, max?: number] | undefined {
    const count = this.#counted()
    // Lazy counts match the same texts.
    if (count !== undefined) this.#accept('?')
    return count
  }

  #counted(): readonly [min: number, max?: number] | undefined {
    if (this.#accept('*')) return [0]
    if (this.#accept('+')) return [1]
    if (this.#accept('?')) return [0, 1]
    if (this.#here !== '{') return undefined
    const found = this.#match(COUNT) ?? this.#refuse()
    const min = Number(found[1])
    if (found[2] === '') return [min, min]
    if (found[3] === undefined) return [min]
    return Number(found[3]) < min ? this.#refuse() : [min, Number(found[3])]
  }

  #class(): readonly CodeRange[] {
    const negated = this.#accept('^')
    const ranges: CodeRange[] = []
    while (!this.#accept(']')) {
      const [first, ...others] = this.#classItem()
      const single = first !== undefined && others.length === 0 && first[0] === first[1]
      if (this.#here === '-' && this.#pattern[this.#at + 1] !== ']') {
        if (!single) this.#refuse()
        this.#at++
        const [last, ...more] = this.#classItem()
        if (last === undefined || more.length > 0 || last[1] < first[0]) this.#refuse()
        ranges.push([first[0], last[1]])
      } else {
        ranges.push(...(first === undefined ? [] : [first]), ...others)
      }
    }
    return negated ? outside(ranges) : ranges
  }

  #classItem(): readonly CodeRange[] {
    return this.#accept('\\') ? this.#escape() : [this.#code()]
  }

  #escape(): readonly CodeRange[] {
    const code = this.#match(CODE)
    if (code !== undefined) return [this.#coded(code[0].slice(1))]
    const known = ESCAPES.get(this.#here)
    // Letters and digits that are left have meanings that are not kept, such as \b and \1.
    if (known === undefined && /^[A-Za-z0-9]?$/.test(this.#here)) this.#refuse()
    const itself = this.#code()
    return known ?? [itself]
  }

  #coded(hex: string): CodeRange {
    const value = Number.parseInt(hex, 16)
    return value >= 0xd800 && value <= 0xdfff ? this.#refuse() : [value, value]
  }

  #code(): CodeRange {
    const code = this.#pattern.codePointAt(this.#at)
    if (code === undefined || (code >= 0xd800 && code <= 0xdfff)) this.#refuse()
    this.#at += code > 0xffff ? 2 : 1
    return [code, code]
  }

  get #here(): string {
    return this.#pattern[this.#at] ?? ''
  }

  #accept(mark: string): boolean {
    if (this.#here !== mark) return false
    this.#at++
    return true
  }

  #match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#pattern) ?? undefined
    this.#at += found?.[0].length ?? 0
    return found
  }

  #refuse(): never {
    return refuse(
      'GRAMMAR_SCHEMA_UNSUPPORTED',
      `expected a pattern of characters, classes, groups and counts, got another at place ${this.#at}`,
    )
  }
}
