import { describe, expect, it } from 'vitest'
import { alphabetOf, decodeCtc, halfWidth } from './ctc.ts'

const ALPHABET = alphabetOf('a\nb')

/** Probabilities of [blank, a, b, space] for each step. */
function steps(...rows: number[][]): Float32Array {
  return Float32Array.from(rows.flat())
}

const BLANK = [1, 0, 0, 0]
const A = [0, 1, 0, 0]
const B = [0, 0, 1, 0]
const SPACE = [0, 0, 0, 1]

function text(...rows: number[][]): string {
  return decodeCtc(steps(...rows), ALPHABET, 1).text
}

describe('alphabetOf', () => {
  it('begins with the blank and ends with the space', () => {
    expect(alphabetOf('x\r\ny\r\n')).toEqual(['', 'x', 'y', ' '])
  })
})

describe('decodeCtc', () => {
  it('merges a run of one class and keeps equal characters with a blank between them', () => {
    expect(text(A, A, BLANK, A, B, B, BLANK)).toBe('aab')
  })

  it('reads spaces, and drops those at the ends', () => {
    expect(text(SPACE, A, SPACE, SPACE, B, SPACE)).toBe('a b')
  })

  it('reads nothing in blanks, without confidence', () => {
    expect(decodeCtc(steps(BLANK, BLANK), ALPHABET, 1)).toEqual({ text: '', confidence: 0 })
    expect(decodeCtc(steps(), ALPHABET, 1)).toEqual({ text: '', confidence: 0 })
  })

  it('is as confident as the mean of the characters, each at its first step', () => {
    const probabilities = steps([0.25, 0.75, 0, 0], A, BLANK, [0.25, 0.25, 0.5, 0])
    expect(decodeCtc(probabilities, ALPHABET, 1)).toEqual({ text: 'ab', confidence: 0.625 })
  })

  it('reads a held back space where its chance over the steps between is enough', () => {
    const heldBack = steps(A, [0.75, 0, 0, 0.25], [0.75, 0, 0, 0.25], B)
    // 1 − 0.75² = 0.4375
    expect(decodeCtc(heldBack, ALPHABET, 0.4375).text).toBe('a b')
    expect(decodeCtc(heldBack, ALPHABET, 0.4376).text).toBe('ab')
  })

  it('adds no second space to one that was read', () => {
    const both = steps(A, [0.75, 0, 0, 0.25], SPACE, [0.75, 0, 0, 0.25], B)
    expect(decodeCtc(both, ALPHABET, 0.1).text).toBe('a b')
  })

  it('leaves out a last step that is not whole', () => {
    expect(decodeCtc(steps(A, [0, 0, 1]), ALPHABET, 1).text).toBe('a')
  })
})

describe('halfWidth', () => {
  it('makes marks plain in Latin text only', () => {
    expect(['3 crates，２', '中，２'].map(halfWidth)).toEqual(['3 crates,2', '中，２'])
  })
})
