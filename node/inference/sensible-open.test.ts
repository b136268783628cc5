import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { stageOpen, TEXT } from '../../test/fixtures/session-records.ts'
import { isSensible } from './sensible-open.ts'

const peers = ['a', 'b', 'c'] as PeerId[]
const self = peers[1] as PeerId
/** The layers [2, 4) of six. */
const open = stageOpen(peers, 1, { fromLayer: 2, toLayer: 4 })
const text = (cuts: readonly number[]) => ({ ...open, text: { ...TEXT, cuts } })

describe('what is asked of a stage', () => {
  it('is sensible where it is of this device, between two cuts of its text', () => {
    expect([isSensible(open, self), isSensible(text([2, 4]), self)]).toEqual([true, true])
    const [first, last] = [stageOpen(peers, 0), stageOpen(peers, 2)].map((each) => ({
      ...each,
      text: { ...TEXT, cuts: [1, 2] },
    }))
    expect(
      [first, last].map((each, at) => each && isSensible(each, peers[2 * at] ?? self)),
    ).toEqual([true, true])
  })

  it.each([[[]], [[2]], [[3, 4]], [[2, 5]], [[2, 2]], [[4, 2]], [[0, 4]], [[2, 4, 5]]])(
    'is not where the cuts of its text are %j',
    (cuts) => {
      expect(isSensible(text(cuts), self)).toBe(false)
    },
  )

  it('is not where it is of another device, or of no layers', () => {
    expect(isSensible(open, peers[0] as PeerId)).toBe(false)
    expect(isSensible({ ...open, toLayer: 2 }, self)).toBe(false)
    expect(isSensible({ ...open, wires: ['f16'] }, self)).toBe(false)
  })
})
