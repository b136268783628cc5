import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import { constraintOf, STOP, textOf, TOKENS } from '../../test/fixtures/guided-text.ts'
import { accepted } from '../errors.ts'
import { samplerOf, type Sampled } from '../sampling/sampler.ts'
import { SamplingMemory } from '../sampling/sampling-memory.ts'
import { DEFAULT_SAMPLING } from '../sampling/sampling-settings.ts'
import { TokenHistory } from '../sampling/token-history.ts'
import { verifyDraft } from '../sampling/verify-draft.ts'
import { jsonSchemaGrammar } from './json/schema-grammar.ts'

const SCHEMA = {
  type: 'object',
  properties: { name: { type: 'string', maxLength: 8 }, ok: { type: 'boolean' } },
  required: ['name', 'ok'],
}
const grammar = accepted(jsonSchemaGrammar(SCHEMA))
const samplerFor = (seed: number) =>
  accepted(
    samplerOf({ ...DEFAULT_SAMPLING, seed, stopTokens: [STOP] }, new SamplingMemory(TOKENS.length)),
  )

/** A model of the test that knows only where it is. */
function logitsAt(position: number): Float32Array {
  const random = SeededRandom.fromInteger(position + 1)
  return Float32Array.from({ length: TOKENS.length }, () => random.uint32() / 2 ** 30)
}

function plain(seed: number): readonly Sampled[] {
  const sampler = samplerFor(seed)
  const context = { history: new TokenHistory([], 500), constraint: constraintOf(grammar) }
  const drawn: Sampled[] = []
  while (drawn.at(-1)?.stops !== true) {
    const sampled = sampler.sample(logitsAt(drawn.length), context, drawn.length) as Sampled
    drawn.push(sampled)
    context.history.append(sampled.token)
    context.constraint.append(sampled.token)
  }
  return drawn
}

describe('drawing under a schema', () => {
  it('ends in JSON of the schema, whatever the model prefers', () => {
    for (let seed = 0; seed < 20; seed++) {
      const text = textOf(plain(seed).map(({ token }) => token))
      const value = JSON.parse(text) as { readonly name: string; readonly ok: boolean }
      expect([typeof value.name, typeof value.ok, value.name.length <= 16]).toEqual([
        'string',
        'boolean',
        true,
      ])
    }
  })

  it('gives the same tokens when drafts are verified', () => {
    const expected = plain(5)
    const sampler = samplerFor(5)
    const context = { history: new TokenHistory([], 500), constraint: constraintOf(grammar) }
    const drawn: Sampled[] = []
    while (drawn.at(-1)?.stops !== true) {
      const position = drawn.length
      const coming = expected.slice(position, position + 3).map(({ token }) => token)
      // A guess that the grammar does not allow is not taken either.
      const draft = [...coming, 7]
      const rows = Array.from({ length: draft.length + 1 }, (_, row) => logitsAt(position + row))
      const verified = verifyDraft(sampler, { rows, draft, position }, context)
      if (verified.type === 'refused') throw new Error(verified.reason)
      for (const sampled of verified.tokens) {
        drawn.push(sampled)
        context.history.append(sampled.token)
        context.constraint.append(sampled.token)
      }
    }
    expect(drawn).toEqual(expected)
  })
})
