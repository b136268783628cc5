import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable, printableJson, printableLines } from './printable.ts'

const hostile = fc.string({
  unit: fc.constantFrom(
    'a',
    'é',
    '\u001B',
    '[2J',
    '\u009B',
    '\u202E',
    '\n',
    '\u0000',
    '\u{E0001}',
    '😀',
  ),
})

describe('printable text', () => {
  it('has nothing in it that a terminal obeys', () => {
    expect(printable('a\u001B]0;x\u0007b\r\u202Ec')).toBe('a\uFFFD]0;x\uFFFDb\uFFFD\uFFFDc')
    expect(printable('Grüße 😀')).toBe('Grüße 😀')
  })

  it('keeps colours and line breaks in whole lines', () => {
    expect(printableLines('\u001B[31mred\u001B[39m\n\tx\u001B[2J')).toBe(
      '\u001B[31mred\u001B[39m\n\tx\uFFFD[2J',
    )
  })

  it('means the same in JSON', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = printableJson(JSON.stringify({ text }))
        expect(JSON.parse(json)).toEqual({ text })
        expect(printable(json)).toBe(json)
      }),
    )
  })
})
