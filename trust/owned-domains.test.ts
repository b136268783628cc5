import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import { cutOf, type Deed, namedDomain } from '../test/fixtures/trust-mesh.ts'
import type { ProvenFault } from './fault-records.ts'
import { EPOCHS_PER_DAY, FAULT_EPOCHS, MASS_TOTAL } from './limits.ts'
import { type Cut, type DomainTie, TrustState } from './trust-state.ts'

const { sha256 } = nodeCrypto
const ids = Array.from({ length: 8 }, (_, at) => namedDomain(at))
const [seed, owner, laptop, phone, other] = ids as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const did = (requester: Uint8Array, provider: Uint8Array, milliCredits = 10_000): Deed => ({
  requester,
  provider,
  milliCredits,
})
const binds = (device: Uint8Array, to = owner): DomainTie => ({ device, owner: to, binds: true })
const parts = (device: Uint8Array, from = owner): DomainTie => ({
  device,
  owner: from,
  binds: false,
})
const fault = (of: Uint8Array): ProvenFault => ({
  domain: of,
  kind: 'head-fork',
  evidence: namedDomain(`proof ${toHex(of)}`),
})
const cut = (epoch: number, change: Partial<Cut> = {}): Cut => ({
  epoch,
  statements: [],
  verdicts: [],
  faults: [],
  ...change,
})

/** A state that folded these, one after the other. */
function folded(...cuts: readonly Cut[]): TrustState {
  const state = new TrustState(sha256, [seed])
  for (const one of cuts) state.fold(one)
  return state
}

const massOf = (state: TrustState, id: Uint8Array): number => state.facts(id).mass
const work = [did(seed, owner), did(seed, laptop, 40_000), did(laptop, other, 90_000)]

describe('a device that belongs to an owner', () => {
  const before = folded(cutOf(1, ids, work))

  it('brings its work along, and nothing that both did for each other', () => {
    const inner = [...work, did(owner, laptop, 70_000), did(laptop, owner, 60_000)]
    const state = folded(cutOf(1, ids, inner), cut(2, { ties: [binds(laptop)] }))
    expect(massOf(state, laptop)).toBe(0)
    expect(massOf(state, owner)).toBeGreaterThan(massOf(before, owner))
    const plain = folded(
      cutOf(1, ids, [did(seed, owner, 50_000), did(owner, other, 90_000)]),
      cut(2),
    )
    expect(massOf(state, owner)).toBe(massOf(plain, owner))
    expect(massOf(state, other)).toBe(massOf(plain, other))
  })

  it('has its work counted for its owner where others tell of it by its own name', () => {
    const deeds = [...work, did(seed, other, 50_000)]
    const state = folded(cutOf(1, ids, deeds), cut(2, { ties: [binds(laptop)] }))
    const morning = EPOCHS_PER_DAY + 5
    state.fold(cutOf(morning, [owner], [did(seed, owner, 30_000)]))
    const alone = massOf(state, owner)
    state.fold(cutOf(morning + 1, [seed], [did(seed, laptop, 30_000)]))
    expect(massOf(state, owner)).toBeGreaterThan(alone)
  })

  it('is told of as its owner, whoever still names it, and does not count twice', () => {
    const state = folded(cutOf(1, ids, work), cut(2, { ties: [binds(laptop)] }))
    const after = massOf(state, owner)
    // The owner tells of the whole day from now on, and so do the others.
    state.fold(
      cutOf(3, [seed, owner, other], [did(seed, owner, 50_000), did(owner, other, 90_000)]),
    )
    expect(massOf(state, owner)).toBe(after)
    // One that has not heard of it yet names the device.
    state.fold(cutOf(4, [seed], [did(seed, laptop, 40_000)]))
    expect(massOf(state, owner)).toBe(after)
  })

  it('does not speak for itself', () => {
    const state = folded(cutOf(1, ids, work), cut(2, { ties: [binds(laptop)] }))
    const uncounted = state.fold(cutOf(3, [laptop], [did(seed, laptop, 900_000)]))
    expect(uncounted).toEqual([{ domain: laptop, epoch: 3, code: 'TRUST_DOMAIN_BOUND' }])
  })

  it('earns nothing by working for its owner, however much', () => {
    const state = folded(cutOf(1, ids, work), cut(2, { ties: [binds(laptop), binds(phone)] }))
    const honest = massOf(state, owner)
    state.fold(cutOf(3, [owner, laptop, phone], [did(owner, laptop, 4e9), did(phone, owner, 4e9)]))
    expect(massOf(state, owner)).toBe(honest)
    expect(massOf(state, laptop) + massOf(state, phone)).toBe(0)
  })

  it('passes and fails audits for its owner', () => {
    const verdicts = [
      { provider: laptop, passed: true },
      { provider: laptop, passed: false },
      { provider: owner, passed: true },
    ]
    const state = folded(cut(1, { verdicts }), cut(2, { ties: [binds(laptop)] }))
    expect(state.facts(owner).audits).toEqual({ passed: 2, failed: 1 })
    state.fold(cut(3, { verdicts: [{ provider: laptop, passed: false }] }))
    expect(state.facts(owner).audits).toEqual({ passed: 2, failed: 2 })
  })

  it('makes its owner as faulty as itself', () => {
    const clean = folded(cut(1), cut(2, { ties: [binds(laptop)] }))
    clean.fold(cut(3, { faults: [fault(laptop)] }))
    expect(clean.facts(owner).faulted).toBe(true)
    const faulty = folded(
      { ...cutOf(1, [laptop], []), faults: [fault(laptop)] },
      cut(2, { ties: [binds(laptop)] }),
    )
    expect(faulty.facts(owner).faulted).toBe(true)
    expect(faulty.facts(owner).record.map(({ epoch }) => epoch)).toEqual([1])
  })
})

describe('a device that leaves its owner', () => {
  it('leaves its work there, and takes its own audits along', () => {
    const verdicts = [
      { provider: laptop, passed: true },
      { provider: laptop, passed: false },
      { provider: owner, passed: true },
    ]
    const state = folded(
      cutOf(1, ids, work),
      cut(2, { ties: [binds(laptop)] }),
      cut(3, { verdicts }),
    )
    const held = folded(cutOf(1, ids, work), cut(2, { ties: [binds(laptop)] }))
    state.fold(cut(4, { ties: [parts(laptop)] }))
    expect(massOf(state, laptop)).toBe(0)
    expect(state.work.size).toBe(held.work.size)
    expect(state.facts(laptop).audits).toEqual({ passed: 1, failed: 1 })
    expect(state.facts(owner).audits).toEqual({ passed: 1, failed: 1 })
  })

  it('does not wash off what was proven, and neither does its owner', () => {
    const state = folded(cut(1), cut(2, { ties: [binds(laptop), binds(phone)] }))
    state.fold(cut(3, { faults: [fault(laptop)] }))
    state.fold(cut(4, { ties: [parts(laptop), parts(phone)] }))
    expect([owner, laptop, phone].map((id) => state.facts(id).faulted)).toEqual([true, true, true])
    state.fold(cut(5, { ties: [binds(laptop, other)] }))
    expect(state.facts(other).faulted).toBe(true)
    state.fold(cut(3 + FAULT_EPOCHS))
    expect([owner, laptop, phone, other].some((id) => state.facts(id).faulted)).toBe(false)
    // What one does after the other has left is its own.
    state.fold(cut(4 + FAULT_EPOCHS, { faults: [fault(phone)] }))
    expect([owner, phone].map((id) => state.facts(id).faulted)).toEqual([false, true])
  })
})

describe('owners and their devices', () => {
  const deed = fc.record({
    from: fc.nat(ids.length - 1),
    to: fc.nat(ids.length - 1),
    milliCredits: fc.integer({ min: 1, max: 1e9 }),
  })
  const ties = [binds(laptop), binds(phone), binds(ids[6] as Uint8Array, ids[5])]

  it('come to the same in any order, keep all mass, and are the same again from what is kept', () => {
    fc.assert(
      fc.property(
        fc.array(deed, { maxLength: 30 }),
        fc.shuffledSubarray(ties, { minLength: ties.length }),
        (drawn, shuffled) => {
          const deeds = drawn
            .filter(({ from, to }) => from !== to)
            .map(({ from, to, milliCredits }) =>
              did(ids[from] as Uint8Array, ids[to] as Uint8Array, milliCredits),
            )
          const [one, two] = [ties, shuffled].map((order) => {
            const speakers = order === ties ? ids : ids.toReversed()
            const state = folded(cutOf(1, speakers, deeds), cut(2, { ties: order }))
            state.fold(cut(3, { ties: [parts(phone)] }))
            return state
          }) as [TrustState, TrustState]
          const root = toHex(one.standings().graphRoot)
          expect(toHex(two.standings().graphRoot)).toBe(root)
          const total = ids.reduce((sum, id) => sum + massOf(one, id), 0)
          expect(total).toBe(MASS_TOTAL)
          const again = TrustState.unpack(sha256, [seed], one.pack())
          expect(again && toHex(again.standings().graphRoot)).toBe(root)
          again?.fold(cut(4, { ties: [parts(laptop)] }))
          one.fold(cut(4, { ties: [parts(laptop)] }))
          expect(again?.pack()).toEqual(one.pack())
        },
      ),
      { numRuns: 40 },
    )
  })
})
