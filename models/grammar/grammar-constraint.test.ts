import { describe, expect, it } from 'vitest'
import { constraintOf, idsOf, STOP, TOKENS } from '../../test/fixtures/guided-text.ts'
import { accepted } from '../errors.ts'
import { compiledGrammar } from './compiled-grammar.ts'
import { gbnfGrammar } from './gbnf.ts'
import { TokenVocabulary } from './token-vocabulary.ts'

const grammar = accepted(gbnfGrammar('root ::= "a" ("b" "c"?)*'))
const [A, B, C] = ['a', 'b', 'c'].map((letter) => 1 + (letter.codePointAt(0) ?? 0)) as [
  number,
  number,
  number,
]

describe('a constraint', () => {
  it('takes what is allowed, and stays where it is otherwise', () => {
    const constraint = constraintOf(grammar)
    expect(
      [STOP, B, A, C, B, -1, TOKENS.length, 0.5].map((token) => constraint.append(token)),
    ).toEqual([false, false, true, false, true, false, false, false])
    expect(constraint.length).toBe(2)
  })

  it('allows a stop token where the text is whole, and nothing behind it', () => {
    const constraint = constraintOf(grammar)
    expect(idsOf(constraint.allowed())).not.toContain(STOP)
    constraint.append(A)
    expect(idsOf(constraint.allowed())).toContain(STOP)
    constraint.append(STOP)
    expect(idsOf(constraint.allowed())).toEqual([])
    expect(constraint.append(B)).toBe(false)
  })

  it('is, cut back, where it was', () => {
    const constraint = constraintOf(grammar)
    const masks = [A, B, C, B].map((token) => {
      const mask = idsOf(constraint.allowed())
      constraint.append(token)
      return mask
    })
    for (let length = 3; length >= 0; length--) {
      constraint.truncate(length)
      expect(constraint.length).toBe(length)
      expect(idsOf(constraint.allowed())).toEqual(masks[length])
    }
    constraint.truncate(9)
    expect(constraint.length).toBe(0)
  })

  it('marks every token of the same bytes, and none without bytes', () => {
    const tokens = ['', 'a', 'b', 'a', 'ab', 'ab'].map((text) => new TextEncoder().encode(text))
    const compiled = accepted(compiledGrammar(grammar, new TokenVocabulary(tokens)))
    expect([...compiled.constraint([]).allowed()]).toEqual([0b111010])
  })

  it('serves a stop token of text, which then means the end alone', () => {
    const tokens = ['a', 'b'].map((text) => new TextEncoder().encode(text))
    const compiled = accepted(compiledGrammar(grammar, new TokenVocabulary(tokens)))
    const constraint = compiled.constraint([1, 7])
    expect([...constraint.allowed()]).toEqual([0b01])
    constraint.append(0)
    expect([...constraint.allowed()]).toEqual([0b10])
  })

  it('goes on after states were let go of', () => {
    const counted = accepted(gbnfGrammar('root ::= ("(" root ")")* [a-z]{0,3000} "!"'))
    const constraint = constraintOf(counted)
    for (let count = 0; count < 3_000; count++) {
      if (count % 500 === 0) expect(idsOf(constraint.allowed())).toContain(A)
      expect(constraint.append(A)).toBe(true)
    }
    expect(constraint.append(A)).toBe(false)
    constraint.truncate(1)
    expect(constraint.append(B)).toBe(true)
  })
})
