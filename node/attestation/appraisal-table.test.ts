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
  bindingKey: undefined,
})
const answer = (...claims: readonly Claims[]): Answer => ({
  claims,
  handovers: [],
  refusals: [],
  policy: TEST_POLICY,
  answeredAtMs: 0,
  question: {
    attester: alice,
    verifier: bob,
    nonce: new Uint8Array(32),
    secretHash: null,
    activation: { type: 'unchecked' },
  },
  shown: { pieces: [], handovers: [] },
})

/** A quote of the TPM `a` after so many starts, so long after the last. */
const at = (resetCount: number, clockMs: number): Claims => {
  const claims = tpm('a')
  return claims.kind === 'tpm' ? { ...claims, resetCount, clockMs } : claims
}

describe('a TPM that is asked again', () => {
  it('counts nothing while its clock is behind what it showed before', () => {
    const table = new AppraisalTable(4)
    const put = (claims: Claims) => table.put(alice, answer(word, claims))
    const tier = () => table.get(alice, 0)?.tierNow
    expect([put(at(3, 50)), tier()]).toEqual([undefined, 'tpm'])
    expect([put(at(2, 99)), tier()]).toEqual(['clock-back', 'self'])
    expect(table.get(alice, 0)?.codes).toEqual(['POLICY_CLOCK_BACK'])
    expect([put(at(3, 49)), tier()]).toEqual(['clock-back', 'self'])
    expect([put(at(3, 51)), tier()]).toEqual([undefined, 'tpm'])
    expect([put(at(4, 0)), tier()]).toEqual(['restarted', 'tpm'])
    expect([table.put(alice, answer(word)), tier()]).toEqual(['tier-lower', 'self'])
    table.forget(alice)
    expect([put(at(1, 0)), tier()]).toEqual([undefined, 'tpm'])
  })
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
