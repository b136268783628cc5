import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { cutOf, type Deed, domain, namedDomain, statementsOf } from '../test/fixtures/trust-mesh.ts'
import { explain } from './explanation.ts'
import { EPOCHS_PER_DAY, FAULT_EPOCHS, LATE_EPOCHS_MAX, MASS_TOTAL, MICROS } from './limits.ts'
import { decodeScore, scoreMicros } from './score.ts'
import type { ProvenFault } from './fault-records.ts'
import { type AuditVerdict, type Cut, TrustState } from './trust-state.ts'

const { sha256 } = nodeCrypto
const ids = Array.from({ length: 12 }, (_, at) => namedDomain(at))
const [seed, friend, other] = ids as [Uint8Array, Uint8Array, Uint8Array]
const did = (requester: Uint8Array, provider: Uint8Array, milliCredits = 10_000): Deed => ({
  requester,
  provider,
  milliCredits,
})
const fault = (of: Uint8Array, word = 'proof'): ProvenFault => ({
  domain: of,
  kind: 'head-fork',
  evidence: namedDomain(word),
})
const verdicts = (provider: Uint8Array, passed: number, failed = 0): readonly AuditVerdict[] => [
  ...Array.from({ length: passed }, () => ({ provider, passed: true })),
  ...Array.from({ length: failed }, () => ({ provider, passed: false })),
]

function folded(cut: Partial<Cut>, seeds = [seed]): TrustState {
  const state = new TrustState(sha256, seeds)
  state.fold({ epoch: 1, statements: [], verdicts: [], faults: [], ...cut })
  return state
}

const massOf = (state: TrustState, id: Uint8Array): number => state.facts(id).mass
const chain = [did(seed, friend), did(friend, other)]
const device1 = device(1).peer
const micros = (state: TrustState, id: Uint8Array, floorMicros = 300_000): number =>
  state.score({ device: device1, domain: id, floorMicros }).micros

/** Deeds among the domains, each pair once. */
const deeds = fc.uniqueArray(
  fc.record({
    from: fc.nat(ids.length - 1),
    to: fc.nat(ids.length - 1),
    milliCredits: fc.integer({ min: 1, max: 1e9 }),
  }),
  { selector: ({ from, to }) => from * 100 + to, maxLength: 60 },
)
const toDeeds = (
  drawn: readonly { from: number; to: number; milliCredits: number }[],
): readonly Deed[] =>
  drawn
    .filter(({ from, to }) => from !== to)
    .map(({ from, to, milliCredits }) =>
      did(ids[from] as Uint8Array, ids[to] as Uint8Array, milliCredits),
    )

describe('a copy of the state', () => {
  it('takes a cut without a trace in the first, and ends where the first would', () => {
    const state = folded(cutOf(1, [seed, friend, other], chain))
    const before = toHex(state.standings().graphRoot)
    const next = cutOf(2, [seed, friend, other], [did(seed, other, 50_000), ...chain])
    const copy = state.copy()
    copy.fold({ ...next, verdicts: verdicts(friend, 2, 1), faults: [fault(other)] })
    expect(toHex(state.standings().graphRoot)).toBe(before)
    expect([state.epoch, state.facts(other).faulted]).toEqual([1, false])
    state.fold({ ...next, verdicts: verdicts(friend, 2, 1), faults: [fault(other)] })
    expect(toHex(copy.standings().graphRoot)).toBe(toHex(state.standings().graphRoot))
    expect(copy.facts(other)).toEqual(state.facts(other))
  })
})

describe('a state whose seeds are others from one epoch on', () => {
  it('has all its mass start there, to the last unit, as if it had never been otherwise', () => {
    fc.assert(
      fc.property(deeds, fc.subarray(ids, { minLength: 1 }), (drawn, seeds) => {
        const cut = cutOf(1, ids, toDeeds(drawn))
        const moved = folded(cut)
        moved.standings()
        moved.reseed(seeds)
        const from = folded(cut, seeds)
        expect(ids.map((id) => massOf(moved, id))).toEqual(ids.map((id) => massOf(from, id)))
        expect(ids.reduce((sum, id) => sum + massOf(moved, id), 0)).toBe(MASS_TOTAL)
        expect(moved.seedCount).toBe(seeds.length)
        const again = TrustState.unpack(sha256, seeds, moved.pack())
        expect(again && ids.map((id) => massOf(again, id))).toEqual(
          ids.map((id) => massOf(from, id)),
        )
        expect(TrustState.unpack(sha256, [namedDomain('elsewhere')], moved.pack())).toBeUndefined()
      }),
      { numRuns: 25 },
    )
  })

  it('knows a seed that nobody has heard of yet', () => {
    const state = folded(cutOf(1, [seed, friend], [did(seed, friend)]))
    state.reseed([namedDomain('new')])
    expect(massOf(state, namedDomain('new'))).toBe(MASS_TOTAL)
    state.fold({ ...cutOf(2, [seed, friend], []), verdicts: verdicts(friend, 1) })
    expect(massOf(state, seed)).toBe(0)
  })
})

describe('folding a cut', () => {
  it('gives the same bytes in whatever order its parts come', () => {
    fc.assert(
      fc.property(deeds, fc.infiniteStream(fc.nat()), (drawn, keys) => {
        const cut = cutOf(1, ids, toDeeds(drawn))
        const keyed = cut.statements.map((statement) => ({ statement, key: keys.next().value }))
        const shuffled = keyed.toSorted((a, b) => a.key - b.key).map(({ statement }) => statement)
        const [one, two] = [folded(cut), folded({ ...cut, statements: shuffled })]
        const scored = ids.map((id, at) => ({
          device: device(at + 1).peer,
          domain: id,
          floorMicros: 700_000,
        }))
        expect(toHex(two.scores(scored.toReversed()).root)).toBe(toHex(one.scores(scored).root))
        expect(toHex(two.standings().graphRoot)).toBe(toHex(one.standings().graphRoot))
      }),
      { numRuns: 25 },
    )
  })

  it('spreads trust along work that both sides tell of', () => {
    const state = folded(cutOf(1, ids, chain))
    expect(massOf(state, friend)).toBeGreaterThan(massOf(state, other))
    expect(massOf(state, other)).toBeGreaterThan(0)
    const total = ids.reduce((sum, id) => sum + massOf(state, id), 0)
    expect(total).toBe(MASS_TOTAL)
  })

  it('gives nothing for work that the other side does not tell of', () => {
    const boast = { ...did(seed, friend), milliCredits: 0, claimed: 1e9 }
    expect(massOf(folded(cutOf(1, ids, [boast])), friend)).toBe(0)
    const flattery = { ...did(seed, friend), claimed: 0 }
    expect(massOf(folded(cutOf(1, ids, [flattery])), friend)).toBe(0)
  })

  it('gives the same to whoever tells late', () => {
    const state = folded({ statements: statementsOf(1, [seed], chain) })
    expect(massOf(state, friend)).toBe(0)
    state.fold({ ...cutOf(2, [], []), statements: statementsOf(1, [friend, other], chain) })
    expect(massOf(state, friend)).toBe(0)
    state.fold(cutOf(3, ids, chain))
    expect(massOf(state, friend)).toBe(massOf(folded(cutOf(1, ids, chain)), friend))
  })

  it('never counts a day again', () => {
    const once = folded(cutOf(1, ids, chain))
    const often = folded(cutOf(1, ids, chain))
    for (let epoch = 2; epoch < 6; epoch++) often.fold(cutOf(epoch, ids, chain))
    expect(often.work.agreed(0)).toBe(once.work.agreed(0))
  })

  it.each([
    ['of an epoch to come', 21, 'TRUST_EPOCH_INVALID'],
    ['of long ago', 20 - LATE_EPOCHS_MAX - 1, 'TRUST_EPOCH_INVALID'],
    ['that was counted', 15, 'TRUST_STATEMENT_REPLAYED'],
    ['that is late', 14, undefined],
  ])('says of a statement %s: %3$s', (_, epoch, code) => {
    const state = folded({ epoch: 15, statements: statementsOf(15, [seed], chain) })
    const statements = statementsOf(epoch, [seed], chain)
    const uncounted = state.fold({ ...cutOf(20, [], []), statements })
    expect(uncounted.map((one) => one.code)).toEqual(code === undefined ? [] : [code])
    expect(state.fold({ ...cutOf(20, [], []), statements }).length).toBe(1)
  })

  it('keeps nothing of domains that others made up', () => {
    const invented = Array.from({ length: 100 }, (_, at) => did(seed, namedDomain(`no ${at}`)))
    const state = folded(cutOf(1, [seed, friend], invented))
    expect([state.domains.size, state.work.size]).toEqual([2, 0])
  })

  it('lets a domain that slanders another take away nothing but its own edge', () => {
    const both = [did(seed, friend), did(other, friend), did(seed, other)]
    const [fair, slandered] = [
      folded(cutOf(1, ids, both)),
      folded(
        cutOf(1, ids, [
          did(seed, friend),
          { ...did(other, friend), milliCredits: 0 },
          did(seed, other),
        ]),
      ),
    ]
    const lost = massOf(fair, friend) - massOf(slandered, friend)
    expect(lost / massOf(fair, friend)).toBeLessThan(0.34)
    expect(massOf(slandered, friend)).toBeGreaterThan(0)
  })

  it('gives everybody the score of his place, whatever his name', () => {
    fc.assert(
      fc.property(deeds, fc.integer({ min: 1, max: ids.length - 1 }), (drawn, turn) => {
        const renamed = (id: Uint8Array): Uint8Array =>
          ids[(ids.indexOf(id) + turn) % ids.length] as Uint8Array
        const plain = toDeeds(drawn)
        const turned = plain.map((deed) => ({
          ...deed,
          requester: renamed(deed.requester),
          provider: renamed(deed.provider),
        }))
        const state = folded(cutOf(1, ids, plain))
        const moved = folded(cutOf(1, ids, turned), [renamed(seed)])
        for (const id of ids) {
          // Only the crumbs of rounding go by name: one part of a row, at each step.
          const [before, after] = [massOf(state, id), massOf(moved, renamed(id))]
          expect(Math.abs(before - after) / MASS_TOTAL).toBeLessThan(0.001)
        }
      }),
      { numRuns: 25 },
    )
  })
})

describe('a proven fault', () => {
  it('makes a score nothing for thirty days, and stays on record', () => {
    const state = folded({ ...cutOf(1, ids, chain), faults: [fault(friend)] })
    expect([micros(state, friend), massOf(state, friend)]).toEqual([0, 0])
    state.fold(cutOf(FAULT_EPOCHS, ids, chain))
    expect(micros(state, friend)).toBe(0)
    state.fold(cutOf(FAULT_EPOCHS + 1, ids, chain))
    expect(micros(state, friend)).toBeGreaterThan(300_000)
    expect(state.facts(friend).record).toEqual([{ ...fault(friend), epoch: 1 }])
  })

  it('counts for a day where it cost others a round and nothing else', () => {
    const light = { ...fault(friend), kind: 'double-proposal' as const }
    const state = folded({ ...cutOf(1, ids, chain), faults: [light] })
    expect(micros(state, friend)).toBe(0)
    state.fold(cutOf(EPOCHS_PER_DAY, ids, chain))
    expect(micros(state, friend)).toBe(0)
    state.fold(cutOf(EPOCHS_PER_DAY + 1, ids, chain))
    expect(micros(state, friend)).toBeGreaterThan(300_000)
  })

  it('that is grave is pushed out by no number of light ones', () => {
    const lights = Array.from({ length: 40 }, (_, at) => ({
      ...fault(friend),
      kind: 'double-proposal' as const,
      evidence: new Uint8Array(32).fill(at),
    }))
    const state = folded({ ...cutOf(1, ids, chain), faults: [fault(friend)] })
    state.fold({ ...cutOf(2, ids, chain), faults: lights })
    expect(state.facts(friend).record.length).toBe(16)
    state.fold(cutOf(FAULT_EPOCHS, ids, chain))
    expect(micros(state, friend)).toBe(0)
  })

  it('counts once, however often it is shown', () => {
    const state = folded({ ...cutOf(1, ids, []), faults: [fault(friend), fault(friend)] })
    state.fold({ ...cutOf(2, [], []), faults: [fault(friend)] })
    expect(state.facts(friend).record.length).toBe(1)
  })

  it('is kept of nobody who has not spoken: keys that sign two things are made up at will', () => {
    const state = folded(cutOf(1, ids, chain))
    const before = state.pack()
    const cut = { ...cutOf(1, [], []), faults: [fault(namedDomain('made up'))] }
    expect(state.fold(cut)).toEqual([
      { domain: namedDomain('made up'), epoch: 1, code: 'TRUST_DOMAIN_UNKNOWN' },
    ])
    expect(state.pack()).toEqual(before)
  })

  it('raises nothing of the culprit', () => {
    fc.assert(
      fc.property(deeds, (drawn) => {
        const cut = cutOf(1, ids, toDeeds(drawn))
        const [clean, guilty] = [folded(cut), folded({ ...cut, faults: [fault(friend)] })]
        expect(massOf(guilty, friend)).toBeLessThanOrEqual(massOf(clean, friend))
        expect(micros(guilty, friend)).toBe(0)
      }),
      { numRuns: 25 },
    )
  })
})

describe('audits', () => {
  it('raise standing, and leave the score alone until one fails', () => {
    const bare = folded(cutOf(1, ids, chain))
    const audited = folded({ ...cutOf(1, ids, chain), verdicts: verdicts(friend, 50) })
    expect(micros(audited, friend)).toBeGreaterThan(micros(bare, friend))
    expect(micros(bare, friend)).toBeGreaterThan(300_000)
    const failed = folded({ ...cutOf(1, ids, chain), verdicts: verdicts(friend, 50, 1) })
    expect(micros(failed, friend)).toBeLessThan(0.75 * micros(audited, friend))
  })

  it('are forgotten when they are older than the window', () => {
    const state = folded({ verdicts: verdicts(friend, 0, 3) })
    expect(state.facts(friend).audits).toEqual({ passed: 0, failed: 3 })
    state.fold(cutOf(31 * EPOCHS_PER_DAY, [], []))
    expect(state.facts(friend).audits).toEqual({ passed: 0, failed: 0 })
  })
})

describe('a score', () => {
  it('lies between floor and ceiling, unless an audit failed or a fault is proven', () => {
    fc.assert(
      fc.property(fc.nat(MICROS), fc.nat(MICROS), fc.nat(100), (floor, standing, passed) => {
        const parts = {
          floorMicros: floor,
          standingMicros: standing,
          audits: { passed, failed: 0 },
          faulted: false,
        }
        const value = scoreMicros(parts)
        expect(value).toBeGreaterThanOrEqual(floor)
        expect(value).toBeLessThanOrEqual(Math.min(MICROS, floor + 350_000))
        expect(scoreMicros({ ...parts, faulted: true })).toBe(0)
      }),
    )
  })

  it('is nothing without any evidence, whatever the standing', () => {
    const audits = { passed: 9, failed: 0 }
    expect(scoreMicros({ floorMicros: 0, standingMicros: MICROS, audits, faulted: false })).toBe(0)
  })

  it('is the leaf that a path leads to the root from', () => {
    const state = folded(cutOf(1, ids, chain))
    const scored = ids.map((id, at) => ({
      device: device(at + 1).peer,
      domain: id,
      floorMicros: 500_000,
    }))
    const vector = state.scores(scored)
    const shown = vector.pathOf(device(3).peer)
    expect(decodeScore(shown?.leaf ?? new Uint8Array())).toMatchObject({
      value: vector.of(device(3).peer) ?? {},
    })
    expect(vector.pathOf(domain(99).signer.peer)).toBeUndefined()
  })
})

describe('an explanation', () => {
  const explained = (cut: Partial<Cut>, floorMicros = 300_000) =>
    explain(folded(cut), { device: device1, domain: friend, floorMicros })

  it('names pairs, audits, and what would raise the score most', () => {
    const cut = cutOf(1, ids, [did(seed, friend), { ...did(friend, other), claimed: 4_000 }])
    const { edges, remedies, audits } = explained(cut)
    expect(edges).toEqual([
      {
        peer: seed,
        role: 'provider',
        agreedMilliCredits: 10_000,
        today: { requester: 10_000, provider: 10_000 },
        weight: 100,
      },
      {
        peer: other,
        role: 'requester',
        agreedMilliCredits: 4_000,
        today: { requester: 10_000, provider: 4_000 },
        weight: 63,
      },
    ])
    expect(remedies.map(({ name }) => name)).toEqual([
      'attest-hardware',
      'pass-audits',
      'work-for-trusted-domains',
    ])
    expect(audits).toEqual({ passed: 0, failed: 0, lowerBoundQ16: 16_384, factorQ16: 65_536 })
  })

  it('tells a culprit to wait', () => {
    const { remedies, faults, score } = explained({ ...cutOf(1, ids, []), faults: [fault(friend)] })
    expect(score.micros).toBe(0)
    expect(faults).toEqual([{ kind: 'head-fork', epoch: 1 }])
    expect(remedies).toEqual([{ name: 'wait-until-the-fault-is-old', micros: 300_000 }])
  })

  it('has nothing to say against the best there is', () => {
    const state = folded({ verdicts: verdicts(seed, 500) })
    const { remedies } = explain(state, { device: device1, domain: seed, floorMicros: MICROS })
    expect(remedies).toEqual([])
  })
})
