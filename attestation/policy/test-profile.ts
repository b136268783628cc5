/**
 * The policy for tests and for looking around: it believes what holds, and demands little.
 *
 * Never for a mesh with anything of value: a software TPM reaches the TPM tier here.
 *
 * @module
 */

import { PRODUCTION_POLICY } from './production.ts'
import type { Policy, SnpFamilyPolicy } from './policy.ts'

const anyLevel: SnpFamilyPolicy = {
  enabled: true,
  baseMicrosMax: 900_000,
  tcbMin: { bootLoader: 0, tee: 0, snp: 0, microcode: 0 },
}

export const TEST_POLICY: Policy = {
  ...PRODUCTION_POLICY,
  id: 'test-1',
  tpm: { ...PRODUCTION_POLICY.tpm, manufacturersDenied: [] },
  sevSnp: {
    milan: anyLevel,
    genoa: anyLevel,
    turin: anyLevel,
    aliasCheckRequired: false,
    revocationRequired: false,
    measurements: [],
  },
  android: {
    ...PRODUCTION_POLICY.android,
    apps: ['*'],
    patchAgeMonthsMax: 1_200,
    statusAgeHoursMax: 1_000_000,
  },
  apple: { ...PRODUCTION_POLICY.apple, environments: ['production', 'development'] },
  reasons: {
    ...PRODUCTION_POLICY.reasons,
    'tpm.manufacturersDenied': 'software TPMs are what tests have',
    'sevSnp.milan.baseMicrosMax': 'recorded reports are old',
    'sevSnp.milan.tcbMin': 'recorded reports are old',
    'sevSnp.genoa.tcbMin': 'recorded reports are old',
    'sevSnp.turin.tcbMin': 'recorded reports are old',
    'sevSnp.aliasCheckRequired': 'recorded reports are older than the check',
    'sevSnp.revocationRequired': 'tests have no list of AMD',
    'android.apps': 'recorded keys belong to apps of other people',
    'android.patchAgeMonthsMax': 'recorded keys are old',
    'android.statusAgeHoursMax': 'recorded lists are old',
    'apple.environments': 'developers test with development builds',
  },
}
