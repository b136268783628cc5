/**
 * JSON schemas as grammars: every text of the grammar is JSON that the schema accepts.
 *
 * Not every text that the schema accepts is in the grammar. Properties come in the order in which
 * the schema lists them; where it lists some and does not say `additionalProperties`, no other may
 * come; blanks are bounded, numbers have at most sixteen digits, and formats stand for plain texts.
 * What cannot be kept to is refused by its name, never passed over.
 *
 * @module
 */

import type { Result } from '../../errors.ts'
import { plainWord } from '../../checkpoint/plain-word.ts'
import { GRAMMAR_BYTES_MAX, GRAMMAR_DEPTH_MAX, SCHEMA_NODES_MAX } from '../../limits.ts'
import { attempt, refuse } from '../../refuse.ts'
import {
  choice,
  literal,
  optional,
  repeat,
  ruleOf,
  sequence,
  type Expression,
  type Grammar,
} from '../expression.ts'
import { COLON, COMMA, INTEGER, listed, NUMBER, stringOf, valueLiteral } from './json-text.ts'
import { integersWithin, numbersWithin, type Bound, type NumberBounds } from './number-ranges.ts'
import { stringsMatching } from './pattern.ts'
import { otherNames } from './property-names.ts'
import {
  countOf,
  invalid,
  keywordsOf,
  listOf,
  objectOf,
  textOf,
  namedTypes,
  typesOf,
  unsupported,
  wholeKeyword,
  type Keywords,
  type WholeKeyword,
} from './schema-reader.ts'
import { STRING_FORMATS } from './string-formats.ts'

/** Whole bounds of numbers up to here are kept exactly. */
const BOUND_MAX = 999_999_999_999_999

/** The texts of JSON values that `schema` accepts. @param schema - As JSON.parse gives it. */
export function jsonSchemaGrammar(schema: unknown): Result<Grammar> {
  return attempt(() => new SchemaGrammar(schema).grammar(schema))
}

/** The texts of JSON objects of any content: what `json_object` asks for. */
export function jsonObjectGrammar(): Grammar {
  return new SchemaGrammar({}).grammar({ type: 'object' })
}

/** Collects the rules of one schema. */
class SchemaGrammar {
  readonly #document: unknown
  readonly #rules: Expression[] = []
  /** Rules that several places share, by what they stand for. */
  readonly #known = new Map<string, Expression>()
  #nodes = 0
  #bytes = 0

  constructor(document: unknown) {
    this.#document = document
  }

  grammar(schema: unknown): Grammar {
    const root = this.#rules.push(literal('')) - 1
    this.#known.set('#', ruleOf(root))
    this.#rules[root] = this.#schema(schema, 0)
    return { rules: this.#rules, root }
  }

  /** A rule of its own for what `make` gives; the same one for the same key, also within itself. */
  #shared(key: string, make: () => Expression): Expression {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const rule = this.#rules.push(literal('')) - 1
    this.#known.set(key, ruleOf(rule))
    this.#rules[rule] = make()
    return ruleOf(rule)
  }

  /** A rule of its own for what stands in several places. */
  #rule(expression: Expression): Expression {
    return ruleOf(this.#rules.push(expression) - 1)
  }

  #schema(schema: unknown, depth: number): Expression {
    if (++this.#nodes > SCHEMA_NODES_MAX) {
      refuse('GRAMMAR_LIMIT', `expected at most ${SCHEMA_NODES_MAX} subschemas`)
    }
    if (depth > GRAMMAR_DEPTH_MAX) {
      refuse('GRAMMAR_LIMIT', `expected subschemas nested at most ${GRAMMAR_DEPTH_MAX} deep`)
    }
    const keywords = keywordsOf(schema)
    const whole = wholeKeyword(keywords)
    if (whole !== undefined) return this.#whole(whole, keywords, depth)
    const types = typesOf(keywords)
    if (types.length === 0) return this.#any()
    return choice(...types.map((type) => this.#typed(type, keywords, depth)))
  }

  #whole(whole: WholeKeyword, keywords: Keywords, depth: number): Expression {
    switch (whole) {
      case '$ref':
        return this.#referred(textOf(keywords, '$ref') ?? '', depth)
      case 'anyOf':
        return choice(
          ...listOf(keywords['anyOf'], 'anyOf').map((each) => this.#schema(each, depth + 1)),
        )
      case 'allOf': {
        const [only, ...more] = listOf(keywords['allOf'], 'allOf')
        return more.length > 0 ? unsupported('allOf', ' of several') : this.#schema(only, depth + 1)
      }
      case 'enum':
        return this.#values(listOf(keywords['enum'], 'enum'), keywords)
      case 'const':
        return this.#values([keywords['const']], keywords)
    }
  }

  #referred(reference: string, depth: number): Expression {
    if (!reference.startsWith('#')) return unsupported('$ref', ' to another document')
    return this.#shared(reference, () => this.#schema(this.#target(reference), depth + 1))
  }

  /** What a JSON pointer leads to (RFC 6901). */
  #target(reference: string): unknown {
    const [empty, ...steps] = reference.slice(1).split('/')
    if (empty !== '') unsupported('$ref', ' to an anchor')
    let target = this.#document
    for (const step of steps) {
      const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
      const isInner = typeof target === 'object' && target !== null && Object.hasOwn(target, name)
      if (!isInner) invalid('$ref', 'a place in the schema')
      target = (target as Keywords)[name]
    }
    return target
  }

  #values(values: readonly unknown[], keywords: Keywords): Expression {
    const types = namedTypes(keywords)
    const kept = values.filter(
      (value) => types.length === 0 || types.some((type) => is(value, type)),
    )
    if (kept.length === 0) invalid('enum', 'a list with a value of the type')
    // A rule that calls no other, so that many values are one state of an automaton.
    return this.#rule(choice(...kept.map((value) => this.#counted(valueLiteral(value)))))
  }

  /** Counts the bytes of literals, whose number a schema chooses. */
  #counted(expression: Expression): Expression {
    this.#bytes += expression.type === 'literal' ? expression.bytes.length : 0
    if (this.#bytes > GRAMMAR_BYTES_MAX) {
      refuse('GRAMMAR_LIMIT', `expected at most ${GRAMMAR_BYTES_MAX} bytes of names and values`)
    }
    return expression
  }

  #typed(type: string, keywords: Keywords, depth: number): Expression {
    switch (type) {
      case 'object':
        return this.#object(keywords, depth)
      case 'array':
        return this.#array(keywords, depth)
      case 'string':
        return this.#string(keywords)
      case 'number':
      case 'integer':
        return this.#number(type, boundsOf(keywords))
      case 'boolean':
        return choice(literal('true'), literal('false'))
      default:
        return literal('null')
    }
  }

  #any(): Expression {
    return this.#shared('any', () =>
      choice(
        ...['object', 'array', 'string', 'number', 'boolean', 'null'].map((type) =>
          this.#typed(type, {}, 0),
        ),
      ),
    )
  }

  #string(keywords: Keywords): Expression {
    const min = countOf(keywords, 'minLength')
    const max = countOf(keywords, 'maxLength')
    const pattern = textOf(keywords, 'pattern')
    const format = textOf(keywords, 'format')
    const given = [pattern, format, min ?? max].filter((each) => each !== undefined)
    if (given.length > 1) unsupported('pattern', ', format and length together')
    if (pattern !== undefined) {
      return this.#shared(`pattern ${pattern}`, () => stringsMatching(pattern))
    }
    if (format !== undefined) {
      const known = Object.hasOwn(STRING_FORMATS, format) ? STRING_FORMATS[format] : undefined
      return this.#shared(`format ${format}`, () =>
        stringsMatching(known ?? unsupported('format', ` ${plainWord(format)}`)),
      )
    }
    if (max !== undefined && max < (min ?? 0)) invalid('maxLength', 'at least minLength')
    return this.#shared(`string ${min ?? 0} ${max}`, () => stringOf(min ?? 0, max))
  }

  #number(type: 'number' | 'integer', bounds: NumberBounds): Expression {
    return this.#shared(`${type} ${JSON.stringify(bounds)}`, () => {
      if (bounds.low === undefined && bounds.high === undefined) {
        return type === 'integer' ? INTEGER : NUMBER
      }
      const within = type === 'integer' ? integersWithin(bounds) : numbersWithin(bounds)
      return within ?? invalid('maximum', 'above minimum')
    })
  }

  #array(keywords: Keywords, depth: number): Expression {
    const min = countOf(keywords, 'minItems') ?? 0
    const max = countOf(keywords, 'maxItems')
    if (max !== undefined && max < min) invalid('maxItems', 'at least minItems')
    if (max === 0) return listed('[', ']', literal(''))
    const item = this.#rule(this.#schema(keywords['items'] ?? true, depth + 1))
    const more = max === undefined ? undefined : max - 1
    const items = sequence(item, repeat(sequence(COMMA, item), Math.max(0, min - 1), more))
    return listed('[', ']', items, min > 0)
  }

  #object(keywords: Keywords, depth: number): Expression {
    const properties = new Map(Object.entries(objectOf(keywords['properties'] ?? {}, 'properties')))
    const required = this.#required(keywords, properties)
    const rest = keywords['additionalProperties'] ?? properties.size === 0
    for (const name of required) if (!properties.has(name)) properties.set(name, rest)
    const pairs = [...properties].map(([name, schema]) => ({
      required: required.has(name),
      pair: sequence(this.#counted(valueLiteral(name)), COLON, this.#schema(schema, depth + 1)),
    }))
    if (rest !== false) {
      const names = [...properties.keys()]
      const name = this.#shared(`names ${JSON.stringify(names)}`, () => otherNames(names))
      const pair = this.#rule(sequence(name, COLON, this.#schema(rest, depth + 1)))
      pairs.push({ required: false, pair: sequence(pair, repeat(sequence(COMMA, pair), 0)) })
    }
    return this.#pairs(pairs)
  }

  #required(keywords: Keywords, properties: ReadonlyMap<string, unknown>): ReadonlySet<string> {
    const names = keywords['required'] ?? []
    if (!Array.isArray(names)) return invalid('required', 'a list of names')
    for (const name of names as readonly unknown[]) {
      if (typeof name !== 'string') invalid('required', 'a list of names')
      if (!properties.has(name) && keywords['additionalProperties'] === false) {
        invalid('required', 'names of properties')
      }
    }
    return new Set(names as readonly string[])
  }

  /** Pairs in their order, those that are not required each there or not, with commas only between. */
  #pairs(pairs: readonly { readonly required: boolean; readonly pair: Expression }[]): Expression {
    let tail: Expression = literal('')
    const starts: Expression[] = []
    for (const { required, pair: content } of pairs.toReversed()) {
      const pair = this.#rule(content)
      if (required) starts.length = 0
      // The first pair of the object may be this one, or, when it may be missing, a later one.
      starts.push(sequence(pair, tail))
      const next = sequence(COMMA, pair)
      tail = this.#rule(sequence(required ? next : optional(next), tail))
    }
    const needed = pairs.some(({ required }) => required)
    if (starts.length === 0) return listed('{', '}', literal(''))
    return listed('{', '}', choice(...starts), needed)
  }
}

function boundsOf(keywords: Keywords): NumberBounds {
  return {
    low: tightest(
      boundOf(keywords, 'minimum', false),
      boundOf(keywords, 'exclusiveMinimum', true),
      1,
    ),
    high: tightest(
      boundOf(keywords, 'maximum', false),
      boundOf(keywords, 'exclusiveMaximum', true),
      -1,
    ),
  }
}

function boundOf(keywords: Keywords, name: string, exclusive: boolean): Bound | undefined {
  const at = keywords[name]
  if (at === undefined) return undefined
  if (typeof at !== 'number') return invalid(name, 'a number')
  if (!Number.isInteger(at) || Math.abs(at) > BOUND_MAX)
    unsupported(name, ' with a fraction or of over 15 digits')
  return { at, exclusive }
}

/** The bound that leaves less; `sign` is 1 for lower ones. */
function tightest(
  one: Bound | undefined,
  other: Bound | undefined,
  sign: number,
): Bound | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return sign * (other.at - one.at) >= 0 ? other : one
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    // A malformed escape names no place.
    return invalid('$ref', 'a place in the schema')
  }
}

function is(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
