import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constraintOf, idsOf, STOP, triedIds, walk } from '../../../test/fixtures/guided-text.ts'
import { accepted } from '../../errors.ts'
import { jsonObjectGrammar, jsonSchemaGrammar } from './schema-grammar.ts'

const judge = new Ajv({ strict: false })
formats.default(judge)

const refusal = (schema: unknown) => {
  const result = jsonSchemaGrammar(schema)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

/** Whether a schema's grammar has `text`, byte by byte. */
function takes(schema: object, text: string): boolean {
  const constraint = constraintOf(accepted(jsonSchemaGrammar(schema)))
  const bytes = Array.from(new TextEncoder().encode(text))
  return bytes.every((byte) => constraint.append(1 + byte)) && constraint.append(STOP)
}

/** Texts from `count` walks, each judged; how many of them ended. */
function judged(schema: object, count: number, firstSeed = 0): readonly string[] {
  const validate = judge.compile(schema)
  const grammar = accepted(jsonSchemaGrammar(schema))
  const texts: string[] = []
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const { text } = walk(grammar, seed) ?? {}
    if (text === undefined) continue
    const valid = validate(JSON.parse(text))
    expect(valid ? '' : `seed ${seed}: ${text}: ${judge.errorsText(validate.errors)}`).toBe('')
    texts.push(text)
  }
  return texts
}

const TREE = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: {
        value: { type: 'number' },
        children: { type: 'array', items: { $ref: '#/$defs/node' }, maxItems: 2 },
      },
      required: ['value'],
      additionalProperties: false,
    },
  },
}

const CASES: Readonly<Record<string, object>> = {
  anything: {},
  strings: { type: 'string' },
  'bounded strings': { type: 'string', minLength: 2, maxLength: 4 },
  'long enough strings': { minLength: 3 },
  integers: { type: 'integer' },
  'bounded integers': { type: 'integer', minimum: -120, maximum: 1_305 },
  'integers between exclusive bounds': {
    type: 'integer',
    exclusiveMinimum: 8,
    exclusiveMaximum: 11,
  },
  'negative integers': { type: 'integer', maximum: -17 },
  numbers: { type: 'number' },
  'bounded numbers': { type: 'number', minimum: -3, exclusiveMaximum: 12 },
  'numbers above 0': { exclusiveMinimum: 0 },
  'numbers between neighbours': { type: 'number', exclusiveMinimum: -8, exclusiveMaximum: -7 },
  'mixed types': { type: ['null', 'boolean', 'string'] },
  enums: { enum: ['a', 1, null, { b: [true, 'é"'] }] },
  'enums of a type': { type: 'string', enum: ['a', 'ab', 3] },
  constants: { const: { a: [1.5, '\n'] } },
  lists: { type: 'array', items: { type: 'integer' }, minItems: 1, maxItems: 3 },
  'lists of anything': { type: 'array' },
  'empty lists': { type: 'array', maxItems: 0 },
  objects: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      a: { type: 'integer' },
      b: { type: 'boolean' },
      c: { type: 'null' },
    },
    required: ['a', 'c'],
    additionalProperties: false,
  },
  'objects of optional properties': {
    properties: { name: { type: 'boolean' }, a: { const: 1 }, 'q"': {} },
  },
  'objects with other properties': {
    type: 'object',
    properties: { a: { type: 'integer' }, abc: { type: 'null' }, 'a"b': { type: 'null' } },
    required: ['abc', 'beside'],
    additionalProperties: { type: 'boolean' },
  },
  maps: { type: 'object', additionalProperties: { type: 'integer' } },
  'empty objects': { type: 'object', additionalProperties: false },
  alternatives: { anyOf: [{ type: 'integer' }, { type: 'string', maxLength: 1 }, { const: true }] },
  wrapped: { allOf: [{ type: 'boolean' }], description: 'x' },
  trees: TREE,
  'a pattern': { type: 'string', pattern: '^(ab|c[x-z]+?)\\d{2,3}$' },
  'a pattern for the start': { type: 'string', pattern: '^[a"]' },
  'a pattern of sets': { type: 'string', pattern: '^[^a-z\\d]\\w\\W\\s\\S.[\\n\\\\-]$' },
  dates: { type: 'string', format: 'date' },
  times: { type: 'string', format: 'time' },
  'dates with times': { type: 'string', format: 'date-time' },
  addresses: { type: 'string', format: 'ipv4' },
  mail: { type: 'string', format: 'email' },
  hosts: { type: 'string', format: 'hostname' },
  ids: { type: 'string', format: 'uuid' },
}

describe('a text that is guided by a JSON schema', () => {
  it.each(Object.entries(CASES))('is JSON that the schema accepts: %s', (_, schema) => {
    expect(judged(schema, 40).length).toBeGreaterThan(8)
  })

  it('may use what the schema allows', () => {
    const texts = new Set(
      judged(CASES['objects'] ?? {}, 200).map((text) => text.replaceAll(/\s/g, '')),
    )
    expect(
      [...texts].some(
        (text) => text === '{"a":0,"c":null}' || /^\{"a":-?\d+,"c":null\}$/.test(text),
      ),
    ).toBe(true)
    expect([...texts].some((text) => text.startsWith('{"name"'))).toBe(true)
    expect([...texts].some((text) => text.includes('"b":true'))).toBe(true)
  })

  it('finds a pattern anywhere in a string, as JSON writes it', () => {
    const schema = { type: 'string', pattern: 'a\\.b|^"|\n$' }
    expect(
      ['xa.by', '"', '"x', 'x\n', 'ab', 'x"', '\nx', ''].filter((text) =>
        takes(schema, JSON.stringify(text)),
      ),
    ).toEqual(['xa.by', '"', '"x', 'x\n'])
  })

  it('may take any of many alternatives, and be long', () => {
    const branches = Array.from({ length: 300 }, (_, index) => ({
      type: 'object',
      properties: { name: { type: 'string' }, [`k${index}`]: { type: 'null' } },
      required: ['name', `k${index}`],
    }))
    const texts = [0, 299, 300].map((index) => `{"name":"x","k${index}":null}`)
    expect(texts.map((text) => takes({ anyOf: branches }, text))).toEqual([true, true, false])
    const long = { type: 'string', maxLength: 5_000 }
    const lengths = [5_000, 5_001].map((length) => takes(long, JSON.stringify('x'.repeat(length))))
    expect(lengths).toEqual([true, false])
  })

  it('reaches the bounds of numbers and nothing beyond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2_000, max: 2_000 }),
        fc.integer({ min: -2_000, max: 2_000 }),
        fc.integer({ min: -2_100, max: 2_100 }),
        fc.boolean(),
        (a, b, value, exclusive) => {
          const [low, high] = [Math.min(a, b) - 1, Math.max(a, b) + 1]
          const bounds = exclusive
            ? { exclusiveMinimum: low, exclusiveMaximum: high }
            : { minimum: low, maximum: high }
          const within = exclusive ? low < value && value < high : low <= value && value <= high
          expect(takes({ type: 'integer', ...bounds }, String(value))).toBe(within)
          expect(takes({ type: 'number', ...bounds }, String(value))).toBe(within)
          const half = value < 0 ? `${value}.5` : `${value}.25`
          expect(takes({ type: 'number', ...bounds }, half)).toBe(
            low < Number(half) && Number(half) < high,
          )
        },
      ),
    )
  })

  it('is any JSON object where only that is asked for', () => {
    for (let seed = 0; seed < 60; seed++) {
      const { text } = walk(jsonObjectGrammar(), seed) ?? { text: '{}' }
      expect(typeof JSON.parse(text)).toBe('object')
      expect(text.trim()[0]).toBe('{')
    }
  })

  it('gets masks that hold what each token, tried alone, says', () => {
    for (const schema of [
      TREE,
      CASES['objects with other properties'],
      CASES['a pattern of sets'],
      {},
    ]) {
      const grammar = accepted(jsonSchemaGrammar(schema))
      const { tokens } = walk(grammar, 3) ?? { tokens: [] }
      const constraint = constraintOf(grammar)
      for (const token of tokens.slice(0, 40)) {
        expect(idsOf(constraint.allowed())).toEqual(triedIds(constraint))
        constraint.append(token)
      }
    }
  })
})

describe('a JSON schema that cannot guide a text', () => {
  it.each<[unknown, string]>([
    [{ not: {} }, 'not'],
    [{ oneOf: [] }, 'oneOf'],
    [{ type: 'object', patternProperties: {} }, 'patternProperties'],
    [{ type: 'array', uniqueItems: true }, 'uniqueItems'],
    [{ type: 'number', multipleOf: 3 }, 'multipleOf'],
    [{ 'a word"': 1 }, 'an unprintable name'],
    [{ anyOf: [{}], type: 'string' }, 'type beside anyOf'],
    [{ $ref: '#', minimum: 1 }, 'minimum beside $ref'],
    [{ $ref: 'https://example.com/schema' }, '$ref to another document'],
    [{ allOf: [{}, {}] }, 'allOf of several'],
    [{ type: 'string', format: 'iri' }, 'format iri'],
    [{ type: 'string', pattern: 'a', minLength: 1 }, 'pattern, format and length together'],
    [{ type: 'number', minimum: 0.5 }, 'minimum with a fraction or of over 15 digits'],
  ])('is refused by the name of the keyword: %j', (schema, name) => {
    expect(refusal(schema)).toBe(
      `GRAMMAR_SCHEMA_UNSUPPORTED: expected keywords that can guide a text, got ${name}`,
    )
  })

  it.each([
    '(?=a)',
    '\\bword',
    '(a)\\1',
    'a**',
    'x{3,1}',
    '[z-a]',
    '(a',
    'a)',
    '\\p{L}',
    '^^a',
    '\\ud800',
  ])('is refused for the pattern %s', (pattern) => {
    expect(refusal({ type: 'string', pattern })).toMatch(
      /^GRAMMAR_SCHEMA_UNSUPPORTED: .* at place \d+$/,
    )
  })

  it.each<[unknown, string]>([
    [false, 'schema to be an object'],
    [{ type: 'text' }, 'type to be a type of JSON'],
    [{ type: [] }, 'type to be one type or more'],
    [{ enum: [] }, 'enum to be a list that is not empty'],
    [{ type: 'null', enum: [1] }, 'enum to be a list with a value of the type'],
    [{ type: 'string', minLength: -1 }, 'minLength to be a whole number of at least 0'],
    [{ type: 'string', minLength: 3, maxLength: 2 }, 'maxLength to be at least minLength'],
    [{ type: 'array', minItems: 3, maxItems: 2 }, 'maxItems to be at least minItems'],
    [{ type: 'integer', minimum: 3, maximum: 2 }, 'maximum to be above minimum'],
    [{ type: 'number', exclusiveMinimum: 3, maximum: 3 }, 'maximum to be above minimum'],
    [{ $ref: '#/$defs/none' }, '$ref to be a place in the schema'],
    [{ $ref: '#/%E0%A4%A' }, '$ref to be a place in the schema'],
    [{ properties: [] }, 'properties to be an object'],
    [{ type: 'object', required: 'a' }, 'required to be a list of names'],
    [
      { type: 'object', required: ['a'], additionalProperties: false },
      'required to be names of properties',
    ],
  ])('is refused for what a keyword holds: %j', (schema, reason) => {
    expect(refusal(schema)).toBe(`GRAMMAR_SCHEMA_INVALID: expected ${reason}`)
  })

  it('is refused when it is too deep, too long, or has too many parts', () => {
    let deep: object = { type: 'null' }
    for (let depth = 0; depth < 70; depth++) deep = { type: 'array', items: deep }
    const wide = { anyOf: Array.from({ length: 5_000 }, () => ({ type: 'null' })) }
    const long = { enum: ['a'.repeat(70_000)] }
    const codes = [deep, wide, long].map((schema) => refusal(schema).split(':')[0])
    expect(codes).toEqual(['GRAMMAR_LIMIT', 'GRAMMAR_LIMIT', 'GRAMMAR_LIMIT'])
  })
})
