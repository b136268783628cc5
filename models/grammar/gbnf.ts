/**
 * Reads grammars in GBNF, the notation of llama.cpp.
 *
 * Kept: rules `name ::= …`, alternatives, groups, literals and classes with escapes, `.`, the
 * counts `* + ? {m} {m,} {m,n}`, and comments. The text that is guided starts at the rule `root`.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import {
  GRAMMAR_BYTES_MAX,
  GRAMMAR_DEPTH_MAX,
  GRAMMAR_POSITIONS_MAX,
  GRAMMAR_RULES_MAX,
} from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import {
  ANY_CHARACTER,
  choice,
  literal,
  repeat,
  ruleOf,
  sequence,
  type CodeRange,
  type Expression,
  type Grammar,
} from './expression.ts'
import { flattened } from './flatten.ts'
import { outside } from './code-ranges.ts'

const ROOT = 'root'
const NAME = /[A-Za-z0-9_-]+/y
const DEFINITION = /[A-Za-z0-9_-]+[ \t]*::=/y
const SPACE = /(?:[ \t\r\n]|#[^\n]*)*/y
const COUNT = /\{[ \t]*([0-9]{1,9})[ \t]*(,?)[ \t]*([0-9]{1,9})?[ \t]*\}/y
const CODE = /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/**
 * The grammar that `text` writes.
 *
 * @example
 * ```ts
 * gbnfGrammar('root ::= "yes" | "no"').type // => 'value'
 * gbnfGrammar('root ::= "yes').type // => 'refused'
 * ```
 */
export function gbnfGrammar(text: string): Result<Grammar> {
  return attempt(() => {
    if (text.length > GRAMMAR_BYTES_MAX) {
      refuse('GRAMMAR_LIMIT', `expected a grammar of at most ${GRAMMAR_BYTES_MAX} characters`)
    }
    return flattened(new GbnfReader(text).read())
  })
}

/** Reads from left to right; `#at` is where it stands. */
class GbnfReader {
  readonly #text: string
  readonly #names = new Map<string, number>()
  readonly #rules: (Expression | undefined)[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Grammar {
    this.#match(SPACE)
    while (this.#at < this.#text.length) this.#readRule()
    const root = this.#names.get(ROOT)
    if (root === undefined) refuse('GRAMMAR_SYNTAX', 'expected a rule named root')
    const rules = this.#rules.map((rule, index) => rule ?? this.#undefinedRule(index))
    return { rules, root }
  }

  #undefinedRule(index: number): never {
    const name = [...this.#names].find(([, rule]) => rule === index)?.[0] ?? ''
    return refuse('GRAMMAR_SYNTAX', `expected a rule named ${name.slice(0, 64)}, got none`)
  }

  #readRule(): void {
    const name = this.#match(NAME)?.[0] ?? this.#fail('the name of a rule')
    this.#match(SPACE)
    this.#expect('::=')
    const rule = this.#rule(name)
    if (this.#rules[rule] !== undefined) this.#fail(`one rule named ${name.slice(0, 64)}`)
    this.#match(SPACE)
    this.#rules[rule] = this.#choice(0)
  }

  #rule(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#names.size >= GRAMMAR_RULES_MAX) {
      refuse('GRAMMAR_LIMIT', `expected at most ${GRAMMAR_RULES_MAX} rules`)
    }
    this.#names.set(name, this.#rules.push(undefined) - 1)
    return this.#rules.length - 1
  }

  #choice(depth: number): Expression {
    if (depth > GRAMMAR_DEPTH_MAX) {
      refuse('GRAMMAR_LIMIT', `expected groups nested at most ${GRAMMAR_DEPTH_MAX} deep`)
    }
    const options = [this.#sequence(depth)]
    while (this.#accept('|')) {
      this.#match(SPACE)
      options.push(this.#sequence(depth))
    }
    return options.length === 1 ? (options[0] as Expression) : choice(...options)
  }

  #sequence(depth: number): Expression {
    const parts: Expression[] = []
    while (this.#at < this.#text.length && !/[|)]/.test(this.#here) && !this.#isAt(DEFINITION)) {
      parts.push(this.#counted(this.#item(depth)))
    }
    return parts.length === 1 ? (parts[0] as Expression) : sequence(...parts)
  }

  #item(depth: number): Expression {
    if (this.#accept('(')) {
      this.#match(SPACE)
      const group = this.#choice(depth + 1)
      this.#expect(')')
      return group
    }
    if (this.#accept('"')) return this.#literal()
    if (this.#accept('[')) return this.#class()
    if (this.#accept('.')) return { type: 'class', ranges: ANY_CHARACTER }
    const name = this.#match(NAME)?.[0] ?? this.#fail('a literal, a class, a group or a rule')
    return ruleOf(this.#rule(name))
  }

  #counted(item: Expression): Expression {
    let counted = item
    this.#match(SPACE)
    for (let found = this.#count(); found !== undefined; found = this.#count()) {
      counted = repeat(counted, ...found)
      this.#match(SPACE)
    }
    return counted
  }

  #count(): readonly [min: number, max?: number] | undefined {
    if (this.#accept('*')) return [0]
    if (this.#accept('+')) return [1]
    if (this.#accept('?')) return [0, 1]
    if (this.#here !== '{') return undefined
    const found = this.#match(COUNT) ?? this.#fail('a count such as {2,5}')
    return this.#bounds(found)
  }

  #bounds([, from, comma, to]: RegExpExecArray): readonly [min: number, max?: number] {
    const min = Number(from)
    const max = comma === '' ? min : Number(to ?? Number.NaN)
    if (max < min) this.#fail('a count whose end is not below its start')
    if (min > GRAMMAR_POSITIONS_MAX || max > GRAMMAR_POSITIONS_MAX) {
      refuse('GRAMMAR_LIMIT', `expected counts up to ${GRAMMAR_POSITIONS_MAX}`)
    }
    return Number.isNaN(max) ? [min] : [min, max]
  }

  #literal(): Expression {
    let text = ''
    while (!this.#accept('"')) text += this.#character()
    return literal(text)
  }

  #class(): Expression {
    const negated = this.#accept('^')
    const ranges: CodeRange[] = []
    while (!this.#accept(']')) {
      const low = codeOf(this.#character())
      const ranged = this.#here === '-' && this.#text[this.#at + 1] !== ']'
      const high = ranged ? this.#rangeEnd() : low
      if (high < low) this.#fail('a range whose end is not before its start')
      ranges.push([low, high])
    }
    return { type: 'class', ranges: negated ? outside(ranges) : ranges }
  }

  #rangeEnd(): number {
    this.#at++
    return codeOf(this.#character())
  }

  #character(): string {
    const code = this.#match(CODE)
    if (code !== undefined) return this.#coded(code[0].slice(2))
    const escaped = this.#accept('\\')
    const codePoint = this.#text.codePointAt(this.#at)
    if (codePoint === undefined || (codePoint === 10 && !escaped)) this.#fail('a closing mark')
    const character = String.fromCodePoint(codePoint)
    this.#at += character.length
    return escaped ? (ESCAPES[character] ?? character) : character
  }

  #coded(hex: string): string {
    const value = Number.parseInt(hex, 16)
    const isCharacter = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff)
    return isCharacter ? String.fromCodePoint(value) : this.#fail('the code of a character')
  }

  get #here(): string {
    return this.#text[this.#at] ?? ''
  }

  #accept(mark: string): boolean {
    if (this.#here !== mark) return false
    this.#at++
    return true
  }

  #expect(mark: string): void {
    if (!this.#text.startsWith(mark, this.#at)) this.#fail(mark)
    this.#at += mark.length
  }

  #isAt(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    return pattern.test(this.#text)
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text) ?? undefined
    this.#at += found?.[0].length ?? 0
    return found
  }

  #fail(expected: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length
    return refuse('GRAMMAR_SYNTAX', `expected ${expected} in line ${line}`)
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
