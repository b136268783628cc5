import { describe, expect, it } from 'vitest'
import { Paragraph } from './paragraph.ts'

function lines(width: number, ...pieces: readonly string[]): string {
  let written = ''
  const paragraph = new Paragraph((text) => (written += text), { indent: '  ', width })
  for (const piece of pieces) paragraph.add(piece)
  paragraph.end()
  return written
}

describe('a paragraph', () => {
  it('breaks lines between words, however they are cut into pieces', () => {
    const expected = '  Emma was\n  obliged to\n  return;\n'

    expect(lines(10, 'Emma was obliged to return;')).toBe(expected)
    expect(lines(10, ...Array.from('Emma was obliged to return;'))).toBe(expected)
    expect(lines(10, 'Em', 'ma', ' was\n', 'obliged', ' to ', ' return;')).toBe(expected)
  })

  it('writes a word once it is whole', () => {
    let written = ''
    const paragraph = new Paragraph((text) => (written += text), { indent: '', width: 20 })
    paragraph.add('Emma wa')
    expect(written).toBe('Emma')
    paragraph.add('s ')
    expect(written).toBe('Emma was')
  })

  it('gives a word that is too long a line of its own', () => {
    expect(lines(4, 'a parsonage b')).toBe('  a\n  parsonage\n  b\n')
  })

  it('is nothing when there were no words', () => {
    expect(lines(10, '', ' ')).toBe('')
  })
})
