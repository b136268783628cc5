import { describe, expect, it } from 'vitest'
import { wordAccuracy } from './accuracy.ts'

describe('wordAccuracy', () => {
  it('counts each read word once, in any line', () => {
    expect(wordAccuracy(['to be', 'or not to be'], ['or not', 'to  bee'])).toEqual({
      expected: 6,
      found: 3,
      missed: ['be', 'to', 'be'],
    })
  })

  it('misses nothing of an empty page', () => {
    expect(wordAccuracy([], ['noise'])).toEqual({ expected: 0, found: 0, missed: [] })
  })
})
