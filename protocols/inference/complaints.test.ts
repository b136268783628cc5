import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { Complaints } from './complaints.ts'
import { Seat } from './seat.ts'

let epochs = 0
/** Somebody who holds the first stage, or the second one. */
const first = (name: string) => new Seat(0, name as PeerId, ++epochs, 0)
const second = (name: string) => new Seat(1, name as PeerId, ++epochs, 0)

/** What comes of complaints, each by a holder of the second stage of one of the first. */
function judged(...said: readonly (readonly [by: string, of: string])[]) {
  const complaints = new Complaints()
  return said.map(([by, of]) => {
    const { blamed, cleared } = complaints.judge(second(by), first(of))
    return [blamed.peer, cleared.map(({ peer }) => peer)]
  })
}

describe('complaints', () => {
  it('believe a device the first time, and not the second', () => {
    expect(judged(['a', 'x'], ['a', 'y'])).toEqual([
      ['x', []],
      ['a', ['x']],
    ])
  })

  it('do not believe a device that complains again of the same one', () => {
    expect(judged(['a', 'x'], ['a', 'x'])).toEqual([
      ['x', []],
      ['a', []],
    ])
  })

  it('clear who was not believed once another one says the same', () => {
    expect(judged(['a', 'x'], ['a', 'y'], ['b', 'y'])).toEqual([
      ['x', []],
      ['a', ['x']],
      ['y', ['a']],
    ])
  })

  it('clear nobody of whom another one complained as well', () => {
    expect(judged(['a', 'x'], ['b', 'x'], ['a', 'y'])).toEqual([
      ['x', []],
      ['x', []],
      ['a', []],
    ])
  })

  it('are meant by two devices that fail on what the same one sent', () => {
    const complaints = new Complaints()
    const [x, other] = [first('x'), first('x')]
    expect(complaints.failed(second('a'), x)).toEqual([])
    expect(complaints.failed(second('a'), x), 'the same device again').toEqual([])
    expect(complaints.failed(second('b'), other), 'another time that it had the stage').toEqual([])
    expect(complaints.failed(second('b'), x).map(({ peer }) => peer)).toEqual(['a', 'a'])
  })

  it('cost the honest one seat for each liar, however often they lie', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 6 })
    fc.assert(
      fc.property(some, (liars) => {
        const complaints = new Complaints()
        const isLiar = (device: number) => liars.includes(device)
        let [before, behind] = [10, 0]
        let lost = 0
        // Whoever is behind, and lies, complains as long as it sits there.
        while (isLiar(behind)) {
          const verdict = complaints.judge(second(`d${behind}`), first(`d${before}`))
          if (verdict.blamed.stage === 1) behind++
          else {
            lost++
            before++
          }
        }
        return lost <= liars.length
      }),
    )
  })
})
