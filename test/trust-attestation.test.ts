/** Trust may not import attestation; what both say of tiers and bonuses is the same all the same. */

import { describe, expect, it } from 'vitest'
import { BASE_MICROS, MEASURED_BUILD, SECURE_BOOT, TPM_BESIDE_TEE } from '../attestation/index.ts'
import { type Attested, floorMicros } from '../trust/index.ts'

const bare = { secureBoot: false, tpmBesideTee: false, measuredBuild: false }
const tiers = Object.entries(BASE_MICROS) as [Attested['tier'], number][]

describe('the floor of a score', () => {
  it.each(tiers)('of tier %s is what an appraisal gives', (tier, micros) => {
    expect(floorMicros({ tier, ...bare })).toBe(micros)
  })

  it('takes the bonuses of an appraisal, and ends at one', () => {
    const floor = (change: Partial<Attested>): number =>
      floorMicros({ tier: 'tpm', ...bare, ...change }) - BASE_MICROS.tpm
    expect(floor({ secureBoot: true })).toBe(SECURE_BOOT.micros)
    expect(floor({ tpmBesideTee: true })).toBe(TPM_BESIDE_TEE.micros)
    expect(floor({ measuredBuild: true })).toBe(MEASURED_BUILD.micros)
    const all = { secureBoot: true, tpmBesideTee: true, measuredBuild: true }
    expect(floorMicros({ tier: 'tee', ...all })).toBe(1_000_000)
    expect(floorMicros({ tier: 'none', ...all })).toBe(0)
  })
})
