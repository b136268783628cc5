import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import { namedDomain } from '../test/fixtures/trust-mesh.ts'
import {
  anchorSeats,
  type Candidate,
  drawCommittee,
  effectiveDomains,
  isEligible,
  mayBeDrawn,
  seatCount,
} from './committee.ts'

const { sha256 } = nodeCrypto

function candidate(name: string | number, mass = 1_000): Candidate {
  return {
    domain: namedDomain(name),
    mass,
    micros: 400_000,
    age: 288,
    presentPermille: 950,
    vendor: '',
    faulted: false,
  }
}

const candidates = (count: number): readonly Candidate[] =>
  Array.from({ length: count }, (_, at) => candidate(at))
const named = (domains: readonly Uint8Array[]): readonly string[] => domains.map(toHex)
const draw = (
  count: number,
  beacon: number,
  more: Partial<Parameters<typeof drawCommittee>[1]> = {},
): readonly string[] =>
  named(
    drawCommittee(sha256, {
      beacon: namedDomain(`beacon ${beacon}`),
      anchors: [],
      candidates: candidates(count),
      seated: [],
      ...more,
    }),
  )

describe('a candidate', () => {
  it.each<[string, Partial<Candidate>, boolean]>([
    ['as it should be', {}, true],
    ['at fault', { faulted: true }, false],
    ['without mass', { mass: 0 }, false],
    ['of a low score', { micros: 299_999 }, false],
    ['a day too young', { age: 287 }, false],
    ['often absent', { presentPermille: 899 }, false],
  ])('%s may be drawn: %3$s', (_, change, eligible) => {
    expect(isEligible({ ...candidate('x'), ...change })).toBe(eligible)
  })
})

describe('a draw', () => {
  const invited = (count: number, change: Partial<Candidate> = {}): readonly Candidate[] =>
    Array.from({ length: count }, (_, at) => ({ ...candidate(`invited ${at}`, 0), ...change }))

  it('is among those who earned it, once there are enough of them', () => {
    expect(mayBeDrawn([...candidates(16), ...invited(9)])).toEqual(candidates(16))
  })

  it('is among all who were invited before that, but for the new and those at fault', () => {
    const present = [
      ...candidates(15),
      ...invited(2, { age: 3 }),
      ...invited(3, { age: 2 }),
      ...invited(1, { faulted: true }),
    ]
    expect(mayBeDrawn(present).length).toBe(17)
  })
})

describe('the seats of a committee', () => {
  it.each([
    [1, 1],
    [3, 3],
    [15, 15],
    [16, 16],
    [63, 16],
    [64, 31],
    [256, 64],
    [1_000_000, 64],
  ])('of %i domains are %i', (domains, seats) => {
    expect(seatCount(domains)).toBe(seats)
  })

  it.each([
    [16, 0, 11],
    [16, 32, 9],
    [16, 64, 6],
    [64, 0, 43],
    [64, 9_999, 22],
    [0, 0, 0],
  ])('are kept for anchors: of %i, while trust is spread over %i, %i', (seats, spread, kept) => {
    expect(anchorSeats(seats, spread)).toBe(kept)
  })

  it('count a crowd without trust as nobody', () => {
    expect(effectiveDomains([5, 5, 5, 5])).toBe(4)
    expect(effectiveDomains([5, 5, 5, 5, ...Array.from({ length: 1_000 }, () => 0)])).toBe(4)
    expect(effectiveDomains([])).toBe(0)
  })
})

describe('a draw', () => {
  it('is the same for everybody, whatever the order of what it is made from', () => {
    const reversed = { candidates: candidates(40).toReversed() }
    expect(draw(40, 1, reversed)).toEqual(draw(40, 1))
    expect(draw(40, 2)).not.toEqual(draw(40, 1))
  })

  it('seats every domain once', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(1_000), (count, beacon) => {
        const seats = draw(count, beacon)
        expect(new Set(seats).size).toBe(seats.length)
        expect(seats.length).toBe(seatCount(count))
      }),
      { numRuns: 40 },
    )
  })

  it('seats no more than the mesh has agreed on, from one draw to the next', () => {
    const [few, many] = [draw(300, 1, { seatsMax: 4 }), draw(3, 1, { seatsMax: 4 })]
    expect([few.length, many.length]).toEqual([4, 3])
    const seated = drawCommittee(sha256, {
      beacon: namedDomain('first'),
      anchors: [],
      candidates: candidates(300),
      seated: [],
    })
    const next = draw(300, 7, { seated, seatsMax: 31 })
    // Those who stay are of those who sat.
    expect([next.length, next.filter((seat) => named(seated).includes(seat)).length]).toEqual([
      31, 31,
    ])
  })

  it('follows trust: twice the mass sits about twice as often', () => {
    let heavy = 0
    let light = 0
    const crowd = Array.from({ length: 400 }, (_, at) => candidate(at, at < 200 ? 2_000 : 1_000))
    for (let beacon = 0; beacon < 40; beacon++) {
      const seats = new Set(draw(0, beacon, { candidates: crowd }))
      heavy += crowd.slice(0, 200).filter(({ domain }) => seats.has(toHex(domain))).length
      light += crowd.slice(200).filter(({ domain }) => seats.has(toHex(domain))).length
    }
    expect(heavy + light).toBe(40 * 64)
    expect(heavy / light).toBeGreaterThan(1.5)
    expect(heavy / light).toBeLessThan(2.4)
  })

  it('changes an eighth of those who sit', () => {
    const seated = drawCommittee(sha256, {
      beacon: namedDomain('first'),
      anchors: [],
      candidates: candidates(300),
      seated: [],
    })
    const next = draw(300, 7, { seated })
    expect(next.slice(0, 56)).toEqual(named(seated.slice(8)))
    expect(next.length).toBe(64)
  })

  it('seats nobody who is no longer eligible', () => {
    const all = candidates(40)
    const seated = all.slice(0, 16).map(({ domain }) => domain)
    const left = all.slice(16)
    const seats = draw(0, 3, { candidates: left, seated })
    expect(seats.filter((seat) => named(seated).includes(seat))).toEqual([])
  })

  const of = (vendor: string, count: number): readonly Candidate[] =>
    Array.from({ length: count }, (_, at) => ({ ...candidate(`${vendor} ${at}`), vendor }))
  /** Seats of those whose hardware is of a vendor. */
  const seatsOf = (seats: readonly string[], crowd: readonly Candidate[], vendor: string): number =>
    crowd.filter((one) => one.vendor === vendor && seats.includes(toHex(one.domain))).length

  it('gives a quarter of the seats to one vendor, as long as others can have the rest', () => {
    const crowd = [...of('intel', 150), ...of('amd', 60), ...candidates(90)]
    for (let beacon = 0; beacon < 10; beacon++) {
      const seats = draw(0, beacon, { candidates: crowd })
      expect(seats.length).toBe(64)
      expect(seatsOf(seats, crowd, 'intel')).toBe(16)
      expect(seatsOf(seats, crowd, 'amd')).toBeLessThanOrEqual(16)
    }
  })

  it('fills all seats where only one vendor can', () => {
    const crowd = [...of('intel', 60), ...candidates(2)]
    const seats = draw(0, 1, { candidates: crowd })
    expect([seats.length, seatsOf(seats, crowd, 'intel')]).toEqual([16, 14])
    const single = of('intel', 300)
    expect(draw(0, 1, { candidates: single }).length).toBe(64)
  })

  it('counts those who stay towards the quarter of their vendor', () => {
    const crowd = [...of('intel', 150), ...candidates(150)]
    const seated = of('intel', 150)
      .slice(0, 64)
      .map(({ domain }) => domain)
    const seats = draw(0, 5, { candidates: crowd, seated })
    // Eight went, and nobody of theirs came.
    expect(seatsOf(seats, crowd, 'intel')).toBe(56)
  })

  it('keeps the seats of anchors, whoever sits', () => {
    const anchors = Array.from({ length: 12 }, (_, at) => namedDomain(`anchor ${at}`))
    const seated = candidates(40)
      .slice(0, 16)
      .map(({ domain }) => domain)
    const reserved = anchorSeats(16, effectiveDomains(candidates(40).map(({ mass }) => mass)))
    const seats = draw(40, 4, { anchors, seated })
    const anchored = seats.filter((seat) => named(anchors).includes(seat))
    expect(seats.length).toBe(16)
    expect(anchored.length).toBeGreaterThanOrEqual(reserved)
  })
})
