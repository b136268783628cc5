import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { constraintOf, idsOf, triedIds, VOCABULARY } from '../../test/fixtures/guided-text.ts'
import { accepted } from '../errors.ts'
import { compiledGrammar } from './compiled-grammar.ts'
import { gbnfGrammar } from './gbnf.ts'

/** Whether a grammar has `text`, byte by byte. */
function has(grammar: string, text: string): boolean {
  const constraint = constraintOf(accepted(gbnfGrammar(grammar)))
  return (
    Array.from(new TextEncoder().encode(text)).every((byte) => constraint.append(1 + byte)) &&
    constraint.append(0)
  )
}

const refusal = (text: string) => {
  const read = gbnfGrammar(text)
  const result = read.type === 'refused' ? read : compiledGrammar(read.value, VOCABULARY)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('a grammar in GBNF', () => {
  it.each<[grammar: string, inside: readonly string[], outside: readonly string[]]>([
    ['root ::= "yes" | "no"', ['yes', 'no'], ['', 'y', 'yesno']],
    ['root ::= [a-c]+ "-"? .', ['a-é', 'abcx', 'aa'], ['', '-', 'd']],
    ['root ::= "a"{2} "b"{1,} "c"{0,2}', ['aab', 'aabbbcc'], ['ab', 'aa', 'aabccc']],
    ['root ::= [^"\\\\\\n] "\\x41\\u00e9\\U0001F642\\""', ['xAé🙂"'], ['"Aé🙂"', '\nAé🙂"']],
    [
      '# a list\nroot ::= item ("," item)* # comment\nitem ::=\n  [0-9]+ |\n  "(" root ")"\n',
      ['1', '1,(2,(3)),4'],
      ['', '1,', '(1', '()'],
    ],
    ['root ::= "a" root "b" | ""', ['', 'ab', 'aaabbb'], ['aab', 'abb']],
    ['root ::= ("a" | "ab") ("c" | "bc")', ['ac', 'abc', 'abbc'], ['ab', 'abb']],
    ['root ::= ("a"* "b"?)* "c"', ['c', 'abbac'], ['ab']],
    ['root ::= list\nlist ::= "x" list | "x"', ['x', 'x'.repeat(500)], ['', 'xy']],
    [
      'root ::= [\\u0080-\\U0010FFFF]',
      ['\u0080', '߿', 'ࠀ', '\uffff', '𐀀', '\u{10ffff}'],
      ['a', ''],
    ],
    ['root ::= [-a] [b-]', ['-b', 'a-'], ['bb']],
  ])('reads as it says: %s', (grammar, inside, outside) => {
    expect(inside.filter((text) => !has(grammar, text))).toEqual([])
    expect(outside.filter((text) => has(grammar, text))).toEqual([])
  })

  it('gives masks that hold what each token, tried alone, says', () => {
    const grammars = [
      'root ::= ("a" | "b" root "c")* " the"',
      'root ::= string ("," string)*\nstring ::= "\\"" [^"]* "\\""',
      'root ::= pair*\npair ::= name ":" " "? name\nname ::= [a-zé漢]+',
    ].map((text) => accepted(gbnfGrammar(text)))
    fc.assert(
      fc.property(fc.constantFrom(...grammars), fc.array(fc.nat()), (grammar, picks) => {
        const constraint = constraintOf(grammar)
        for (const pick of picks) {
          const ids = idsOf(constraint.allowed())
          expect(ids).toEqual(triedIds(constraint))
          if (ids.length === 0) break
          expect(constraint.append(ids[pick % ids.length] ?? -1)).toBe(true)
        }
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ['', 'GRAMMAR_SYNTAX: expected a rule named root'],
    ['root ::= "a', 'GRAMMAR_SYNTAX: expected a closing mark in line 1'],
    ['root ::= "a\n"', 'GRAMMAR_SYNTAX: expected a closing mark in line 1'],
    ['root ::= [a', 'GRAMMAR_SYNTAX: expected a closing mark in line 1'],
    ['root ::=\n("a"', 'GRAMMAR_SYNTAX: expected ) in line 2'],
    ['root ::= "a")', 'GRAMMAR_SYNTAX: expected the name of a rule in line 1'],
    ['root ::= other', 'GRAMMAR_SYNTAX: expected a rule named other, got none'],
    ['root ::= "a"\nroot ::= "b"', 'GRAMMAR_SYNTAX: expected one rule named root in line 2'],
    [
      'root ::= [b-a]',
      'GRAMMAR_SYNTAX: expected a range whose end is not before its start in line 1',
    ],
    [
      'root ::= "a"{2,1}',
      'GRAMMAR_SYNTAX: expected a count whose end is not below its start in line 1',
    ],
    ['root ::= "a"{x}', 'GRAMMAR_SYNTAX: expected a count such as {2,5} in line 1'],
    ['root ::= "\\ud800"', 'GRAMMAR_SYNTAX: expected the code of a character in line 1'],
    ['root = "a"', 'GRAMMAR_SYNTAX: expected ::= in line 1'],
    [
      'root ::= root "a" | "a"',
      'GRAMMAR_INVALID: expected rules that read before they call themselves',
    ],
    [
      'root ::= a\na ::= "x"? root',
      'GRAMMAR_INVALID: expected rules that can end, got one that always calls itself',
    ],
    [
      'root ::= a | "y"\na ::= "x"? root',
      'GRAMMAR_INVALID: expected rules that read before they call themselves',
    ],
    [
      'root ::= []',
      'GRAMMAR_INVALID: expected rules that can end, got one that always calls itself',
    ],
    ['root ::= "a"{999999999}', 'GRAMMAR_LIMIT: expected counts up to 131072'],
    ['root ::= ("a"{1000}){1000}', 'GRAMMAR_LIMIT: expected a grammar of at most 131072 positions'],
    [`root ::= ${'('.repeat(100)}`, 'GRAMMAR_LIMIT: expected groups nested at most 64 deep'],
    [
      `root ::= "${'a'.repeat(70_000)}"`,
      'GRAMMAR_LIMIT: expected a grammar of at most 65536 characters',
    ],
    [
      Array.from({ length: 5_000 }, (_, rule) => `r${rule}::=[]`).join('\n'),
      'GRAMMAR_LIMIT: expected at most 4096 rules',
    ],
  ])('is refused with a code: %#', (text, expected) => {
    expect(refusal(text)).toBe(expected)
  })

  it('is a value or a refusal, whatever the text', () => {
    const marks = fc.constantFrom(
      'root',
      '::=',
      'a',
      '"',
      '[',
      ']',
      '(',
      ')',
      '|',
      '*',
      '{2}',
      '\n',
      '^',
      '-',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(marks, { maxLength: 30 }), (parts) => {
        expect(typeof refusal(`root ::= "a" ${parts.join(' ')}`)).toBe('string')
        expect(typeof refusal(parts.join(''))).toBe('string')
      }),
      { numRuns: 300 },
    )
  })

  it('follows long chains of rules', () => {
    const rules = Array.from({ length: 3_400 }, (_, rule) => `r${rule}::=r${rule + 1}"x"?`)
    const text = ['root ::= r0', ...rules, 'r3400 ::= "a"'].join('\n')
    expect(refusal(text)).toMatch(/^(?:value|GRAMMAR_LIMIT: .*)$/)
    const deep = 'root ::= "(" root ")" | "x"'
    expect(has(deep, `${'('.repeat(3_000)}x${')'.repeat(3_000)}`)).toBe(true)
    expect(has(deep, '('.repeat(5_000))).toBe(false)
  })
})
