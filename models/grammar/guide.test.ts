import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import { idsOf, STOP, TOKENS } from '../../test/fixtures/guided-text.ts'
import { accepted } from '../errors.ts'
import { compiledGrammar, type CompiledGrammar } from './compiled-grammar.ts'
import { guideGrammar, guideRefusal, type Guide } from './guide.ts'
import { TokenVocabulary } from './token-vocabulary.ts'

const schema = (source: unknown): Guide => ({
  notation: 'json-schema',
  source: JSON.stringify(source),
})
const gbnf = (source: string): Guide => ({ notation: 'gbnf', source })

describe('a guide', () => {
  it.each([
    [gbnf('root ::= "a"'), undefined],
    [schema({ type: 'string' }), undefined],
    [gbnf('root ::= '), undefined],
    [gbnf('root ::= "a'), 'GRAMMAR_SYNTAX'],
    [gbnf('root ::= root "a"'), 'GRAMMAR_INVALID'],
    [gbnf(`root ::= ${'"a"{1,9999} '.repeat(200)}`), 'GRAMMAR_LIMIT'],
    [schema({ type: 'string', not: {} }), 'GRAMMAR_SCHEMA_UNSUPPORTED'],
    [schema({ type: 5 }), 'GRAMMAR_SCHEMA_INVALID'],
    [{ notation: 'json-schema', source: '{' }, 'GRAMMAR_SCHEMA_INVALID'],
    [{ notation: 'json-schema', source: '['.repeat(16_000) }, 'GRAMMAR_SCHEMA_INVALID'],
  ] as const)('is taken or refused before any text: %o', (guide, code) => {
    expect(guideRefusal(guide)?.code).toBe(code)
  })

  it('allows the same after a text, whatever was written with the grammar before', () => {
    const guides = [
      schema({
        type: 'object',
        properties: { a: { type: 'array', items: { type: ['number', 'string'] } }, b: {} },
      }),
      gbnf(`root ::= (${'("a"|"b")? '.repeat(60)} "c")* [^"]{0,40} "\\"" root?`),
    ]
    for (const guide of guides) {
      const used = compiled(guide)
      for (let seed = 0; seed < 6; seed++) {
        expect(sameTwice(used, compiled(guide), seed), `seed ${seed}`).toBe(true)
      }
    }
  })
})

function compiled(guide: Guide): CompiledGrammar {
  return accepted(compiledGrammar(accepted(guideGrammar(guide)), new TokenVocabulary(TOKENS)))
}

/** Whether a text is allowed the same with one grammar as with another, which is told its tokens and hardly asked. */
function sameTwice(used: CompiledGrammar, fresh: CompiledGrammar, seed: number): boolean {
  const random = SeededRandom.fromInteger(seed)
  const [text, again] = [used.constraint([STOP]), fresh.constraint([STOP])]
  for (let count = 0; count < 60; count++) {
    const ids = idsOf(text.allowed())
    const id = ids[random.uint32() % Math.max(1, ids.length)] ?? STOP
    if (count % 7 === 0 && idsOf(again.allowed()).join() !== ids.join()) return false
    if (!text.append(id) || !again.append(id)) return false
    if (id === STOP) return true
  }
  return true
}
