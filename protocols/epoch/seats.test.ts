import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { testCommittee } from '../../test/fixtures/epoch-committee.ts'
import { honestSomeOf, modeOf, proposerOrder, quorumOf } from './seats.ts'

describe('a committee', () => {
  it.each([
    [1, 'solo', 1, 1],
    [2, 'owner', 2, 1],
    [3, 'owner', 2, 1],
    [4, 'bft', 3, 2],
    [7, 'bft', 5, 3],
    [16, 'bft', 11, 6],
    [64, 'bft', 43, 22],
    [100, 'bft', 67, 34],
  ])('of %i is %s: %i decide, of %i one is honest', (seats, mode, quorum, some) => {
    expect([modeOf(seats), quorumOf(seats), honestSomeOf(seats)]).toEqual([mode, quorum, some])
  })

  it('of four or more has an honest seat in any two quorums, while a third lies', () => {
    for (let seats = 4; seats <= 128; seats++) {
      const liars = Math.floor((seats - 1) / 3)
      expect(2 * quorumOf(seats) - seats).toBeGreaterThan(liars)
      expect(seats - liars).toBeGreaterThanOrEqual(quorumOf(seats))
      expect(honestSomeOf(seats)).toBeGreaterThan(liars)
    }
  })

  it('proposes in an order that the beacon shuffles, those who were absent last', () => {
    const { committee } = testCommittee(7)
    const order = (beacon: string, absent: ReadonlySet<(typeof committee)[number]>) =>
      proposerOrder(nodeCrypto.sha256, utf8(beacon), committee, absent)
    expect(new Set(order('a', new Set())).size).toBe(7)
    expect(order('a', new Set())).not.toEqual(order('b', new Set()))
    const late = new Set(committee.slice(0, 2))
    expect(new Set(order('a', late).slice(-2))).toEqual(new Set([0, 1]))
  })
})
