import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { decodeShape, encodeShape } from '../core/cbor-shape.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import {
  cutOf,
  type Deed,
  namedDomain,
  statementsOf,
  trustNetwork,
} from '../test/fixtures/trust-mesh.ts'
import { Beacon } from './beacon.ts'
import { EPOCHS_PER_DAY } from './limits.ts'
import { PACKED_TRUST } from './packed.ts'
import { type Cut, TrustState } from './trust-state.ts'

const { sha256 } = nodeCrypto
const ids = Array.from({ length: 9 }, (_, at) => namedDomain(at))
const [seed] = ids as [Uint8Array]

/** Epochs of some days, with work, audits and faults. */
const cuts = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: EPOCHS_PER_DAY }),
      from: fc.nat(ids.length - 1),
      to: fc.nat(ids.length - 1),
      milliCredits: fc.integer({ min: 1, max: 1e6 }),
      passed: fc.boolean(),
      faulted: fc.boolean(),
    }),
    { minLength: 2, maxLength: 24 },
  )
  .map((drawn) => {
    let epoch = 0
    return drawn.map(({ gap, from, to, milliCredits, passed, faulted }): Cut => {
      epoch += gap
      const [requester, provider] = [ids[from], ids[to]] as [Uint8Array, Uint8Array]
      const deeds: readonly Deed[] = from === to ? [] : [{ requester, provider, milliCredits }]
      const fault = {
        domain: provider,
        kind: 'double-vote' as const,
        evidence: namedDomain(`proof ${epoch}`),
      }
      return {
        ...cutOf(epoch, ids, deeds),
        verdicts: [{ provider, passed }],
        faults: faulted && from === 3 ? [fault] : [],
      }
    })
  })

interface Both {
  readonly state: TrustState
  readonly beacon: Beacon
}

const begun = (): Both => ({
  state: new TrustState(sha256, [seed]),
  beacon: new Beacon(sha256, trustNetwork),
})

function foldOn({ state, beacon }: Both, some: readonly Cut[]): void {
  for (const cut of some) {
    state.fold(cut)
    beacon.fold(cut.statements)
  }
}

function packed({ state, beacon }: Both): Uint8Array {
  return encodeShape(PACKED_TRUST, { state: state.pack(), beacon: beacon.pack() })
}

function unpacked(encoded: Uint8Array, seeds = [seed]): Both | undefined {
  const read = decodeShape(PACKED_TRUST, encoded)
  if (read.type === 'refused') return undefined
  const state = TrustState.unpack(sha256, seeds, read.value.state)
  return state && { state, beacon: Beacon.unpack(sha256, read.value.beacon) }
}

/** All that others see of a state. */
const seen = ({ state, beacon }: Both): unknown => [
  toHex(state.standings().graphRoot),
  toHex(beacon.value),
  state.epoch,
  ids.map((id) => state.facts(id)),
]

describe('a state that was kept', () => {
  it('goes on as if it had never been away', () => {
    fc.assert(
      fc.property(cuts, fc.nat(), (drawn, at) => {
        const cut = at % drawn.length
        const whole = begun()
        foldOn(whole, drawn.slice(0, cut))
        const again = unpacked(packed(whole)) as Both
        expect(seen(again)).toEqual(seen(whole))
        expect(packed(again)).toEqual(packed(whole))
        foldOn(whole, drawn.slice(cut))
        foldOn(again, drawn.slice(cut))
        expect(seen(again)).toEqual(seen(whole))
      }),
      { numRuns: 25 },
    )
  })

  it('of other seeds, or of which a part is missing, is none', () => {
    const whole = begun()
    const deeds = [{ requester: seed, provider: ids[1] as Uint8Array, milliCredits: 9_000 }]
    foldOn(whole, [
      cutOf(1, ids, deeds),
      { ...cutOf(2, [], []), statements: statementsOf(2, ids, deeds) },
    ])
    const encoded = packed(whole)
    expect(unpacked(encoded, [ids[2] as Uint8Array])).toBeUndefined()
    const { state } = { state: whole.state.pack() }
    const broken = [
      { ...state, domains: state.domains.subarray(32) },
      { ...state, domains: state.domains.subarray(1) },
      { ...state, seen: state.seen.subarray(4) },
      { ...state, passed: { ...state.passed, sums: state.passed.sums.subarray(1) } },
      { ...state, work: { ...state.work, claims: state.work.claims.subarray(1) } },
      { ...state, work: { ...state.work, requesters: state.work.requesters.map(() => 99) } },
    ]
    for (const one of broken) expect(TrustState.unpack(sha256, [seed], one)).toBeUndefined()
    for (let length = 0; length < encoded.length; length += 7) {
      expect(unpacked(encoded.subarray(0, length))).toBeUndefined()
    }
  })
})
