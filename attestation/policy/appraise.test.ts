import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AndroidClaims } from '../android/android.ts'
import type { AppleClaims } from '../apple/apple.ts'
import type { DcapClaims } from '../dcap/dcap.ts'
import type { NitroClaims } from '../nitro/nitro.ts'
import type { SelfClaims } from '../self/self.ts'
import type { SnpClaims } from '../sev-snp/sev-snp.ts'
import type { TpmClaims } from '../tpm/tpm.ts'
import { appraise, tierAtLeast } from './appraise.ts'
import { decayedMicros } from './decay.ts'
import { changedPolicy } from './policy.ts'
import { PRODUCTION_POLICY } from './production.ts'
import type { Claims } from './rules.ts'

const nowMs = Date.parse('2026-11-26')
const common = {
  bound: true,
  anchor: 'root',
  evidenceId: '00',
  hardwareId: undefined,
  validUntilMs: Number.MAX_SAFE_INTEGER,
}
const self: SelfClaims = { ...common, kind: 'self', version: '0.1.0', release: undefined }
const tpm: TpmClaims = {
  ...common,
  kind: 'tpm',
  home: 'activation',
  maker: { manufacturer: 'id:494E5443', model: 'm', firmware: '1' },
  akName: '000b',
  resetCount: 1,
  clockMs: 1,
  bank: 'sha256',
  pcrs: { 7: 'aa' },
  secureBoot: { enabled: true, variables: {}, authorityCount: 1 },
  bindingKey: undefined,
}
const snp: SnpClaims = {
  ...common,
  kind: 'sev-snp',
  product: 'genoa',
  signer: 'vcek',
  cloud: undefined,
  debug: false,
  migration: false,
  vmpl: 0,
  tcb: { fmc: undefined, bootLoader: 99, tee: 99, snp: 99, microcode: 255 },
  provisional: false,
  aliasCheck: true,
  measurement: 'abcd',
  hostData: '',
  idKeyDigest: '',
  authorKeyDigest: '',
  revocationChecked: true,
}
const tdx: DcapClaims = {
  ...common,
  kind: 'tdx',
  fmspc: '',
  tcbStatus: 'UpToDate',
  advisories: [],
  tcbDateMs: 0,
  stale: false,
  debug: false,
  measurements: { mrTd: 'abcd' },
  productId: undefined,
  securityVersion: undefined,
  logReplayed: false,
}
const nitro: NitroClaims = {
  ...common,
  kind: 'nitro',
  moduleId: 'i',
  madeAtMs: 0,
  pcrs: { 0: 'abcd' },
  debug: false,
  publicKey: undefined,
}
const android: AndroidClaims = {
  ...common,
  kind: 'android',
  securityLevel: 'tee',
  locked: true,
  bootState: 'verified',
  bootKey: '',
  osPatchLevel: 202_610,
  application: { packages: ['app'], signers: ['ff'] },
  signsOnly: true,
  keyId: '',
  provisioned: true,
  statusAgeMs: 0,
}
const apple: AppleClaims = {
  ...common,
  kind: 'apple',
  appId: 'T.app',
  environment: 'production',
  publicKey: '',
  category: undefined,
}
const listed = changedPolicy(PRODUCTION_POLICY, {
  id: 'listed-1',
  tpm: { registers: { '7': ['aa'] } },
  sevSnp: { measurements: ['abcd'] },
  tdx: { measurements: ['abcd'], advisoriesDenied: ['INTEL-SA-1'] },
  nitro: { measurements: ['abcd'] },
  android: { apps: ['app ff'] },
  apple: { apps: ['T.app'] },
})

const codes = (claims: Claims, policy = listed) =>
  appraise([claims], policy, nowMs).submods.flatMap(({ findings }) =>
    findings.map(({ code }) => code),
  )

describe('an appraisal', () => {
  it.each<[string, readonly Claims[], string, number]>([
    ['nothing', [], 'none', 0],
    ['the word of a device', [self], 'self', 300_000],
    ['a phone', [android], 'mobile', 530_000],
    ['an app of Apple', [apple], 'mobile', 500_000],
    ['a TPM with Secure Boot and known registers', [tpm], 'tpm', 770_000],
    ['a known guest of SEV-SNP', [snp], 'tee', 940_000],
    ['a known guest of TDX', [tdx], 'tee', 940_000],
    ['a known enclave of Nitro', [nitro], 'tee', 940_000],
    ['a known guest beside a TPM', [self, snp, tpm], 'tee', 970_000],
  ])('of %s gives its tier', (_, claims, tier, scoreMicros) => {
    expect(appraise(claims, listed, nowMs)).toMatchObject({ tier, scoreMicros })
  })

  it('caps a family that is weaker than its tier', () => {
    expect(appraise([{ ...snp, product: 'milan' }], listed, nowMs)).toMatchObject({
      tier: 'tee',
      baseMicros: 700_000,
    })
  })

  it('counts a guest that nobody lists as a TPM, and warns', () => {
    expect(appraise([snp], PRODUCTION_POLICY, nowMs)).toMatchObject({
      status: 'warning',
      tier: 'tpm',
      scoreMicros: 700_000,
      submods: [{ vector: { executables: 'warning', hardware: 'affirming' } }],
    })
  })

  it.each<[string, Claims]>([
    ['POLICY_UNBOUND', { ...tpm, bound: false }],
    ['POLICY_KEY_HOME', { ...tpm, home: 'unproven' }],
    [
      'POLICY_MANUFACTURER',
      { ...tpm, maker: { manufacturer: 'id:00001014', model: '', firmware: '' } },
    ],
    ['POLICY_MEASUREMENT', { ...tpm, pcrs: { 7: 'bb' } }],
    ['POLICY_DEBUG', { ...snp, debug: true }],
    ['POLICY_MIGRATION', { ...snp, migration: true }],
    ['POLICY_PRIVILEGE', { ...snp, vmpl: 1 }],
    ['POLICY_TCB', { ...snp, tcb: { ...snp.tcb, snp: 1 } }],
    ['POLICY_ALIAS_CHECK', { ...snp, aliasCheck: false }],
    ['POLICY_REVOCATION', { ...snp, revocationChecked: false }],
    ['POLICY_MEASUREMENT', { ...snp, measurement: 'ffff' }],
    ['POLICY_TCB', { ...tdx, tcbStatus: 'OutOfDate' }],
    ['POLICY_ADVISORY', { ...tdx, advisories: ['INTEL-SA-1'] }],
    ['POLICY_DEBUG', { ...nitro, debug: true }],
    ['POLICY_BOOT_STATE', { ...android, locked: false }],
    ['POLICY_BOOT_STATE', { ...android, bootState: 'self-signed' }],
    ['POLICY_APP', { ...android, application: { packages: ['app'], signers: ['00'] } }],
    ['POLICY_REVOCATION', { ...android, statusAgeMs: 25 * 3_600_000 }],
    ['POLICY_APP', { ...apple, appId: 'T.other' }],
    ['POLICY_ENVIRONMENT', { ...apple, environment: 'development' }],
  ])('earns nothing by %s', (code, claims) => {
    expect(codes(claims)).toEqual([code])
    expect(appraise([claims], listed, nowMs)).toMatchObject({
      status: 'contraindicated',
      tier: 'none',
      scoreMicros: 0,
    })
  })

  it.each<[string, Claims]>([
    ['POLICY_PROVISIONAL', { ...snp, provisional: true }],
    ['POLICY_COLLATERAL_STALE', { ...tdx, stale: true }],
    ['POLICY_PATCH_LEVEL', { ...android, osPatchLevel: 202_501 }],
    ['POLICY_PATCH_LEVEL', { ...android, osPatchLevel: undefined }],
  ])('loses its bonuses by %s', (code, claims) => {
    expect(codes(claims)).toEqual([code])
    const appraisal = appraise([claims], listed, nowMs)
    expect(appraisal).toMatchObject({ status: 'warning', bonuses: [] })
    expect(appraisal.scoreMicros).toBe(appraisal.baseMicros)
  })

  it('obeys what a policy switches off or demands', () => {
    const off = changedPolicy(listed, { tpm: { enabled: false }, self: { releaseRequired: true } })
    expect(codes(tpm, off)).toEqual(['POLICY_KIND_OFF'])
    expect(codes(self, off)).toEqual(['POLICY_RELEASE'])
    const secure = changedPolicy(listed, { tpm: { secureBootRequired: true } })
    const keyed = changedPolicy(PRODUCTION_POLICY, { tpm: { bindingKeyRequired: true } })
    expect(codes(tpm, keyed)).toEqual(['POLICY_BINDING_KEY'])
    expect(codes({ ...tpm, bindingKey: '00' }, keyed)).toEqual([])
    expect(codes({ ...tpm, secureBoot: undefined }, secure)).toEqual(['POLICY_SECURE_BOOT'])
  })

  it('lets bad evidence beside good count nothing', () => {
    expect(appraise([tpm, { ...snp, debug: true }], listed, nowMs)).toMatchObject({
      status: 'affirming',
      tier: 'tpm',
      scoreMicros: 770_000,
    })
  })

  it('ends with the first certificate, or with its tier', () => {
    const hour = 3_600_000
    expect(appraise([tpm], listed, nowMs).freshUntilMs).toBe(nowMs + hour)
    expect(appraise([{ ...tpm, validUntilMs: nowMs + 5 }], listed, nowMs).freshUntilMs).toBe(
      nowMs + 5,
    )
  })

  it('never earns more than all, nor more for less', () => {
    fc.assert(
      fc.property(fc.subarray<Claims>([self, tpm, snp, tdx, nitro, android, apple]), (claims) => {
        const { scoreMicros } = appraise(claims, listed, nowMs)
        const fewer = appraise(claims.slice(1), listed, nowMs).scoreMicros
        return scoreMicros <= 1_000_000 && fewer <= scoreMicros
      }),
    )
  })
})

describe('an appraisal that nobody renews', () => {
  const appraisal = appraise([tpm], listed, nowMs)
  const at = (hours: number) => decayedMicros(appraisal, nowMs + hours * 3_600_000)

  it('counts in full, then less, then as the word of the device', () => {
    expect([0, 1, 2.5, 4, 400].map(at)).toEqual([770_000, 770_000, 535_000, 300_000, 300_000])
  })

  it('never rises', () => {
    fc.assert(
      fc.property(fc.nat(10 * 3_600_000), fc.nat(3_600_000), (ageMs, moreMs) => {
        const now = nowMs + ageMs
        return decayedMicros(appraisal, now + moreMs) <= decayedMicros(appraisal, now)
      }),
    )
  })
})

describe('tiers', () => {
  it('are compared by their order', () => {
    expect(tierAtLeast('tpm', 'mobile')).toBe(true)
    expect(tierAtLeast('mobile', 'tpm')).toBe(false)
    expect(tierAtLeast('none', 'none')).toBe(true)
  })
})
