import { describe, expect, it } from 'vitest'
import { type Claims, TEST_POLICY } from '../../attestation/index.ts'
import { device } from '../../test/fixtures/devices.ts'
import { type Answer, AppraisalTable } from './appraisal-table.ts'

const [alice, bob, carol] = [device(1).peer, device(2).peer, device(3).peer]
const common = {
  bound: true,
  anchor: 'root',
  evidenceId: '0',
  validUntilMs: Number.MAX_SAFE_INTEGER,
}
const word: Claims = {
  ...common,
  kind: 'self',
  hardwareId: undefined,
  version: '1',
  release: undefined,
}
const tpm = (hardwareId: string): Claims => ({
  ...common,
  kind: 'tpm',
  hardwareId,
  home: 'activation',
  maker: undefined,
  akName: '',
  resetCount: 0,
  clockMs: 0,
  bank: 'sha256',
  pcrs: {},
  secureBoot: undefined,
})
const answer = (...claims: readonly Claims[]): Answer => ({
  claims,
  handovers: [],
  refusals: [],
  policy: TEST_POLICY,
  answeredAtMs: 0,
})

describe('what is known of devices', () => {
  it('is nothing before they were asked', () => {
    expect(new AppraisalTable(4).get(alice, 0)).toBe(undefined)
  })

  it('is what their evidence comes to, and less when nobody renews it', () => {
    const table = new AppraisalTable(4)
    table.put(alice, { ...answer(word, tpm('a')), refusals: ['X509_EXPIRED'] })
    expect(table.get(alice, 0)).toMatchObject({
      appraisal: { tier: 'tpm' },
      kinds: ['self', 'tpm'],
      codes: ['X509_EXPIRED'],
      scoreNowMicros: 700_000,
    })
    expect(table.get(alice, 10 * 3_600_000)?.scoreNowMicros).toBe(300_000)
  })

  it('is their word only while two show one hardware', () => {
    const table = new AppraisalTable(4)
    table.put(alice, answer(word, tpm('a')))
    table.put(bob, answer(word, tpm('a')))
    table.put(carol, answer(word, tpm('c')))
    const tiers = [alice, bob, carol].map((peer) => table.get(peer, 0)?.appraisal.tier)
    expect(tiers).toEqual(['self', 'self', 'tpm'])
    expect(table.get(alice, 0)?.codes).toEqual(['POLICY_HARDWARE_SHARED'])
  })

  it('is the same again once one has given the hardware to the other', () => {
    const table = new AppraisalTable(4)
    table.put(alice, answer(word, tpm('a')))
    const handover = { hardwareId: 'a', from: alice, to: bob, signedAtMs: 0 }
    table.put(bob, { ...answer(word, tpm('a')), handovers: [handover] })
    const tiers = () => [alice, bob].map((peer) => table.get(peer, 0)?.appraisal.tier)
    expect(tiers()).toEqual(['self', 'tpm'])
    // Whoever gave it does not get it back by showing it again.
    table.put(alice, answer(word, tpm('a')))
    expect(tiers()).toEqual(['self', 'tpm'])
  })

  it('is not shared by one device that answers twice', () => {
    const table = new AppraisalTable(4)
    table.put(alice, answer(word, tpm('a')))
    table.put(alice, answer(word, tpm('a')))
    expect(table.get(alice, 0)?.appraisal.tier).toBe('tpm')
  })
})
