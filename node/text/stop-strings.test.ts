import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopStrings } from './stop-strings.ts'

function run(stops: readonly string[], pieces: readonly string[]) {
  const strings = new StopStrings(stops)
  const outputs = pieces.map((piece) => strings.push(piece))
  return {
    outputs: outputs.map(({ text }) => text),
    rest: strings.end(),
    stop: outputs.at(-1)?.stop,
  }
}

describe('stop strings', () => {
  it('end a text before them, wherever it is cut', () => {
    expect(run(['STOP'], ['one S', 'T', 'OP two', ' three'])).toEqual({
      outputs: ['one ', '', '', ''],
      rest: '',
      stop: 'STOP',
    })
  })

  it('hold back only what may become one of them', () => {
    expect(run(['\n\n'], ['a\n', 'b\n'])).toEqual({
      outputs: ['a', '\nb'],
      rest: '\n',
      stop: undefined,
    })
  })

  it('are none when they are empty', () => {
    expect(run([''], ['a'])).toEqual({ outputs: ['a'], rest: '', stop: undefined })
  })

  it('give the same text and the same end however it is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 4 }))
    fc.assert(
      fc.property(stops, fc.array(letters), (some, pieces) => {
        const cut = run(some, pieces)
        const letterByLetter = run(some, Array.from(pieces.join('')))
        const shown = cut.outputs.join('') + cut.rest
        expect(shown).toBe(letterByLetter.outputs.join('') + letterByLetter.rest)
        expect(cut.stop).toBe(letterByLetter.stop)
        const known = some.filter((stop) => stop !== '')
        expect(known.filter((stop) => shown.includes(stop))).toEqual([])
        if (cut.stop === undefined) expect(shown).toBe(pieces.join(''))
      }),
    )
  })
})
