import { describe, expect, it } from 'vitest'
import { toHex } from '../core/bytes.ts'
import { domain, namedDomain, statementsOf, trustNetwork } from '../test/fixtures/trust-mesh.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import { Beacon, onionLayer, onionOf } from './beacon.ts'
import { ONION_EPOCHS, ONION_GAP_MAX } from './limits.ts'
import type { Statement } from './statement.ts'

const { sha256 } = nodeCrypto
const [alice, bob] = [domain(1).id, domain(2).id]

const of = (epoch: number, speakers = [alice, bob]): readonly Statement[] =>
  statementsOf(epoch, speakers, [])

function beaconAfter(...cuts: readonly (readonly Statement[])[]): string {
  const beacon = new Beacon(sha256, trustNetwork)
  for (const cut of cuts) beacon.fold(cut)
  return toHex(beacon.value)
}

describe('an onion', () => {
  it('shows in each epoch what hashes to the layer before it', () => {
    const secret = namedDomain('secret')
    for (const epoch of [0, 1, 500, ONION_EPOCHS - 2]) {
      const next = onionLayer(sha256, secret, epoch + 1)
      expect(sha256(next)).toEqual(onionLayer(sha256, secret, epoch))
    }
  })

  it('lasts for its epochs, and another one follows', () => {
    expect([0, ONION_EPOCHS - 1, ONION_EPOCHS].map(onionOf)).toEqual([0, 0, 1])
  })
})

describe('a beacon', () => {
  it('is the same in whatever order statements come', () => {
    expect(beaconAfter(of(1), of(2))).toBe(beaconAfter(of(1).toReversed(), of(2).toReversed()))
  })

  it('depends on what each domain shows once its onion is bound', () => {
    const [forged] = of(2, [bob]).map((other) => ({ ...other, onion: namedDomain('forged') }))
    const honest = beaconAfter(of(1), of(2))
    expect(beaconAfter(of(1), of(2, [alice]))).not.toBe(honest)
    // A layer that was not bound counts as none: nobody can choose one.
    expect(beaconAfter(of(1), [...of(2, [alice]), forged as Statement])).toBe(
      beaconAfter(of(1), of(2, [alice])),
    )
  })

  it('takes no part of a domain that speaks for the first time', () => {
    expect(beaconAfter(of(1))).toBe(beaconAfter([]))
  })

  it('bridges epochs in which a domain was silent, and not too many', () => {
    const after = (gap: number): boolean =>
      beaconAfter(of(1), of(1 + gap)) !== beaconAfter(of(1), [])
    expect(after(ONION_GAP_MAX)).toBe(true)
    expect(after(ONION_GAP_MAX + 1)).toBe(false)
  })

  it('takes a layer that is replayed for nothing', () => {
    expect(beaconAfter(of(1), of(2), of(2))).toBe(beaconAfter(of(1), of(2), []))
  })

  it('goes on in a copy without a trace in the first', () => {
    const beacon = new Beacon(sha256, trustNetwork)
    beacon.fold(of(1))
    const before = toHex(beacon.value)
    const copy = beacon.copy()
    copy.fold(of(2))
    expect(toHex(beacon.value)).toBe(before)
    beacon.fold(of(2))
    expect(beacon.value).toEqual(copy.value)
  })
})
