/**
 * Takes a JSON schema apart: what kind each keyword's value has to be, and which keywords there are.
 *
 * @module
 */

import { plainWord } from '../../checkpoint/plain-word.ts'
import { refuse } from '../../refuse.ts'

/** A schema that is an object; keywords by their name. */
export type Keywords = Readonly<Record<string, unknown>>

/** Say nothing of what is allowed, or are read where they are referred to. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  '$comment',
  '$defs',
  '$id',
  '$schema',
  'default',
  'definitions',
  'deprecated',
  'description',
  'examples',
  'readOnly',
  'title',
  'writeOnly',
])

/** The keywords that each type of value knows. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
}

/** Keywords that say by themselves what is allowed; at most one stands in a schema, beside annotations. */
const WHOLE = ['$ref', 'anyOf', 'allOf', 'enum', 'const'] as const
export type WholeKeyword = (typeof WHOLE)[number]

const KNOWN: ReadonlySet<string> = new Set([
  ...ANNOTATIONS,
  ...WHOLE,
  'type',
  ...Object.values(TYPED).flat(),
])

/** `schema` as keywords; refused where one is not supported. `true` has none. */
export function keywordsOf(schema: unknown): Keywords {
  if (schema === true) return {}
  const keywords = objectOf(schema, 'schema')
  const unknown = Object.keys(keywords).find((name) => !KNOWN.has(name) && !name.startsWith('x-'))
  if (unknown !== undefined) unsupported(unknown)
  return keywords
}

/** The keyword that says all by itself, where there is one. */
export function wholeKeyword(keywords: Keywords): WholeKeyword | undefined {
  const whole = WHOLE.find((name) => Object.hasOwn(keywords, name))
  if (whole === undefined) return undefined
  // A type beside enum or const leaves fewer of their values, which is looked at later.
  const listed = whole === 'enum' || whole === 'const'
  const other = Object.keys(keywords).find(
    (name) => name !== whole && !isAnnotation(name) && !(listed && name === 'type'),
  )
  return other === undefined ? whole : unsupported(other, ` beside ${whole}`)
}

/** The types of values that a schema allows: those named, else that of its other keywords, else all. */
export function typesOf(keywords: Keywords): readonly string[] {
  if (keywords['type'] !== undefined) return namedTypes(keywords)
  const found = Object.keys(TYPED).find((name) =>
    TYPED[name]?.some((keyword) => Object.hasOwn(keywords, keyword)),
  )
  return found === undefined ? [] : [found]
}

/** The types that `type` names; none where there is no such keyword. */
export function namedTypes({ type }: Keywords): readonly string[] {
  if (type === undefined) return []
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  if (types.length === 0) invalid('type', 'one type or more')
  return types.map((each) =>
    typeof each === 'string' && Object.hasOwn(TYPED, each)
      ? each
      : invalid('type', 'a type of JSON'),
  )
}

/** An integer keyword of at least 0. */
export function countOf(keywords: Keywords, name: string): number | undefined {
  const value = keywords[name]
  if (value === undefined) return undefined
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return isCount ? value : invalid(name, 'a whole number of at least 0')
}

export function textOf(keywords: Keywords, name: string): string | undefined {
  const value = keywords[name]
  return value === undefined || typeof value === 'string' ? value : invalid(name, 'a text')
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  return Array.isArray(value) && value.length > 0
    ? value
    : invalid(name, 'a list that is not empty')
}

export function objectOf(value: unknown, name: string): Keywords {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Keywords) : invalid(name, 'an object')
}

/** Refuses a keyword by its name; `detail` is ours. */
export function unsupported(name: string, detail = ''): never {
  const word = name.startsWith('$') ? `$${plainWord(name.slice(1))}` : plainWord(name)
  return refuse(
    'GRAMMAR_SCHEMA_UNSUPPORTED',
    `expected keywords that can guide a text, got ${word}${detail}`,
  )
}

/** Refuses the value of a keyword. */
export function invalid(name: string, expected: string): never {
  return refuse('GRAMMAR_SCHEMA_INVALID', `expected ${name} to be ${expected}`)
}

function isAnnotation(name: string): boolean {
  return ANNOTATIONS.has(name) || name.startsWith('x-')
}
