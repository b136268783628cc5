/**
 * The policy that a mesh has unless its owner says otherwise.
 *
 * @module
 */

import type { DcapPolicy, Policy } from './policy.ts'

const intel: DcapPolicy = {
  enabled: true,
  baseMicrosMax: 900_000,
  statuses: ['UpToDate', 'SWHardeningNeeded'],
  advisoriesDenied: [],
  measurements: [],
}

export const PRODUCTION_POLICY: Policy = {
  id: 'production-1',
  self: { enabled: true, releaseRequired: false },
  tpm: {
    enabled: true,
    baseMicrosMax: 700_000,
    pcrs: [0, 2, 4, 7],
    secureBootRequired: false,
    bindingKeyRequired: false,
    manufacturersDenied: ['id:00001014'],
    registers: {},
  },
  sevSnp: {
    milan: {
      enabled: true,
      baseMicrosMax: 700_000,
      tcbMin: { bootLoader: 4, tee: 0, snp: 24, microcode: 219 },
    },
    genoa: {
      enabled: true,
      baseMicrosMax: 900_000,
      tcbMin: { bootLoader: 10, tee: 0, snp: 23, microcode: 84 },
    },
    turin: {
      enabled: true,
      baseMicrosMax: 900_000,
      tcbMin: { bootLoader: 1, tee: 0, snp: 1, microcode: 1 },
    },
    aliasCheckRequired: true,
    revocationRequired: true,
    measurements: [],
  },
  sgx: intel,
  tdx: intel,
  nitro: { enabled: true, baseMicrosMax: 900_000, measurements: [] },
  android: {
    enabled: true,
    baseMicrosMax: 500_000,
    apps: [],
    patchAgeMonthsMax: 9,
    statusAgeHoursMax: 24,
  },
  apple: { enabled: true, baseMicrosMax: 500_000, apps: [], environments: ['production'] },
  freshMinutes: { self: 60, mobile: 1_440, tpm: 60, tee: 60 },
  graceDays: 7,
  reasons: {
    'self.enabled': 'a device that answers at all is worth more than one that does not',
    'self.releaseRequired': 'no release is signed yet; once one is, this becomes true',
    'tpm.enabled': 'a TPM holds one key for life: one device, one identity',
    'tpm.baseMicrosMax':
      'what DESIGN 9 gives; the owner of a TPM can forge registers with its bus in hand',
    'tpm.pcrs':
      'firmware, option ROMs, boot loader and Secure Boot; 1, 3, 5 and 6 change with settings, 16 and 23 can be reset by anybody',
    'tpm.secureBootRequired': 'many honest machines run without; it earns a bonus instead',
    'tpm.bindingKeyRequired':
      'a slow TPM takes seconds to make the key, and who lends quotes can lend its signatures, too',
    'tpm.manufacturersDenied': 'id:00001014 is what software TPMs call themselves',
    'tpm.registers': 'no build of ours has a reference value yet',
    'sevSnp.milan.enabled': 'sealed against the host, if not against whoever holds the chip',
    'sevSnp.milan.baseMicrosMax':
      'arXiv 2605.12990 claims that the seed of its keys can be read: not above a TPM',
    'sevSnp.milan.tcbMin': 'microcode that closes EntrySign (CVE-2024-56161)',
    'sevSnp.genoa.enabled': 'a guest that its host cannot read',
    'sevSnp.genoa.baseMicrosMax': 'what DESIGN 9 gives',
    'sevSnp.genoa.tcbMin': 'microcode that closes EntrySign (CVE-2024-56161)',
    'sevSnp.turin.enabled': 'a guest that its host cannot read',
    'sevSnp.turin.baseMicrosMax': 'what DESIGN 9 gives',
    'sevSnp.turin.tcbMin': 'any released level: no level is known to be broken',
    'sevSnp.aliasCheckRequired': 'BadRAM (AMD-SB-3015) needs this check to be closed',
    'sevSnp.revocationRequired': 'a key that AMD revoked must not pass because nobody looked',
    'sevSnp.measurements':
      'no build of ours has a reference value yet; until then it counts as a TPM does',
    'sgx.enabled': 'an enclave that its host cannot read',
    'sgx.baseMicrosMax': 'what DESIGN 9 gives; TEE.fail forges quotes with the bus in hand',
    'sgx.statuses':
      'hardening in software is up to the enclave; every other status names an open hole',
    'sgx.advisoriesDenied': 'statuses cover what is known',
    'sgx.measurements':
      'no build of ours has a reference value yet; until then it counts as a TPM does',
    'tdx.enabled': 'a guest that its host cannot read',
    'tdx.baseMicrosMax': 'what DESIGN 9 gives; TEE.fail forges quotes with the bus in hand',
    'tdx.statuses':
      'hardening in software is up to the guest; every other status names an open hole',
    'tdx.advisoriesDenied': 'statuses cover what is known',
    'tdx.measurements':
      'no build of ours has a reference value yet; until then it counts as a TPM does',
    'nitro.enabled': 'an enclave that the host of its instance cannot read',
    'nitro.baseMicrosMax': 'what DESIGN 9 gives',
    'nitro.measurements':
      'no image of ours has a reference value yet; until then it counts as a TPM does',
    'android.enabled': 'phones are guests worth having; they cannot bound how many there are',
    'android.baseMicrosMax': 'what DESIGN 9 gives',
    'android.apps': 'no app of ours is published yet: a key of any other app says nothing',
    'android.patchAgeMonthsMax': 'three quarters of a year without security updates is too long',
    'android.statusAgeHoursMax':
      'leaked keys are what forged phones live on, until they are listed',
    'apple.enabled': 'phones are guests worth having; they cannot bound how many there are',
    'apple.baseMicrosMax': 'what DESIGN 9 gives',
    'apple.apps': 'no app of ours is published yet: a key of any other app says nothing',
    'apple.environments': 'development builds attest whatever a developer runs',
    'freshMinutes.self': 'a claim is cheap to renew',
    'freshMinutes.mobile': 'a phone may attest a key once a day; it signs with it in between',
    'freshMinutes.tpm':
      'a quote takes up to half a second of a discrete TPM: once an hour is polite',
    'freshMinutes.tee': 'as often as a TPM: it costs the device little',
    graceDays: 'a mesh without a network for a week should not fall apart; past that nobody knows',
  },
}
