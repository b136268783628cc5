/**
 * What does guiding a text by a JSON schema cost, beside trying every token?
 *
 * @module
 */

import { utf8 } from '../core/bytes.ts'
import { SeededRandom } from '../core/random.ts'
import {
  accepted,
  compiledGrammar,
  jsonObjectGrammar,
  jsonSchemaGrammar,
  TokenVocabulary,
  type Grammar,
  type TokenConstraint,
} from '../models/index.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

/** As many tokens as SmolLM2 has; the last one ends the text. */
const VOCABULARY = 49_152
const SYLLABLES =
  'the er in on ti re al st en at or an le ar ed ing co de ra un s e a o i t n r l c d m p u g b f'.split(
    ' ',
  )
const PIECES =
  '"|{|}|[|]|:|,|": |", "|"}|{"| "|":"|"]|},| {|  |\n  |\n    |true|false|null|10|2026'.split('|')
/** Places at which every token is tried. */
const TRIED = 12

const SCHEMA = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    year: { type: 'integer', minimum: 1_900, maximum: 2_100 },
    kind: { enum: ['article', 'book', 'letter'] },
    authors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, home: { type: ['string', 'null'] } },
        required: ['name', 'home'],
        additionalProperties: false,
      },
    },
  },
  required: ['title', 'year', 'kind', 'authors'],
  additionalProperties: false,
}
const TEXT = JSON.stringify({
  title: 'on the constitution of inference and coded sets',
  year: 2_026,
  kind: 'book',
  authors: [
    { name: 'Ada Lestrange', home: null },
    { name: 'Enid "the reader" Corto', home: 'on the Indre' },
  ],
})

export const benchmark: Benchmark = {
  question: 'what does guiding a text by a JSON schema cost, beside trying every token?',
  run({ say, signal }): Promise<readonly Row[]> {
    const tokens = vocabularyOf()
    const startedMs = performance.now()
    const vocabulary = new TokenVocabulary(tokens)
    say(
      `${tokens.length} tokens, their tree made in ${(performance.now() - startedMs).toFixed(0)} ms`,
    )
    const text = tokenised(TEXT, tokens)
    const grammars: readonly (readonly [string, Grammar])[] = [
      ['a schema, first', accepted(jsonSchemaGrammar(SCHEMA))],
      ['any object, strings known', jsonObjectGrammar()],
    ]
    return Promise.resolve(
      grammars.flatMap(([name, grammar]) => {
        signal.throwIfAborted()
        return measured(name, grammar, vocabulary, text)
      }),
    )
  },
}

function measured(
  name: string,
  grammar: Grammar,
  vocabulary: TokenVocabulary,
  text: readonly number[],
): readonly Row[] {
  const startedMs = performance.now()
  const compiled = accepted(compiledGrammar(grammar, vocabulary))
  const compileMs = performance.now() - startedMs
  const first = masked(compiled.constraint([VOCABULARY - 1]), text)
  const again = masked(compiled.constraint([VOCABULARY - 1]), text)
  const tried = spread(
    first.slice(0, TRIED).map((_, at) => trial(compiled.constraint([]), text.slice(0, at))),
  ).p50
  return [first, again].map((times, index) => ({
    name: index === 0 ? name : `${name}, once more`,
    figures: {
      tokens: text.length,
      'compile ms': compileMs,
      'mean ms': times.reduce((a, b) => a + b, 0) / times.length,
      'p50 ms': spread(times).p50,
      'max ms': Math.max(...times),
      'trying all / this': tried / (times.reduce((a, b) => a + b, 0) / times.length),
    },
  }))
}

/** How long the mask before each token takes. */
function masked(constraint: TokenConstraint, text: readonly number[]): readonly number[] {
  return text.map((token) => {
    const startedMs = performance.now()
    constraint.allowed()
    const ms = performance.now() - startedMs
    if (!constraint.append(token)) throw new Error('the text is not in the grammar')
    return ms
  })
}

/** How long it takes to try every token after `text`. */
function trial(constraint: TokenConstraint, text: readonly number[]): number {
  for (const token of text) constraint.append(token)
  const startedMs = performance.now()
  for (let token = 0; token < VOCABULARY; token++) {
    constraint.append(token)
    constraint.truncate(text.length)
  }
  return performance.now() - startedMs
}

/** All bytes, pieces of JSON, and words of syllables, with a space before every second one. */
function vocabularyOf(): readonly Uint8Array[] {
  const random = SeededRandom.fromInteger(1)
  const below = (count: number): number => Math.floor(random.fraction() * count)
  const words = new Set(PIECES)
  while (words.size < VOCABULARY - 257) {
    const syllables = Array.from({ length: 1 + below(4) }, () => SYLLABLES[below(SYLLABLES.length)])
    words.add(`${below(2) === 0 ? ' ' : ''}${syllables.join('')}${below(50) === 0 ? '"' : ''}`)
  }
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte))
  return [...bytes, ...Array.from(words, utf8), new Uint8Array()]
}

/** `text` in tokens, the longest that fits first. */
function tokenised(text: string, tokens: readonly Uint8Array[]): readonly number[] {
  const ids = new Map(tokens.map((token, id) => [Buffer.from(token).toString('latin1'), id]))
  const latin = Buffer.from(text).toString('latin1')
  const found: number[] = []
  for (let at = 0; at < latin.length;) {
    let length = Math.min(24, latin.length - at)
    while (!ids.has(latin.slice(at, at + length))) length--
    found.push(ids.get(latin.slice(at, at + length)) ?? 0)
    at += length
  }
  return found
}
