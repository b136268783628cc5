/**
 * The rules of a policy for each kind of evidence: what is found wrong, and what is earned.
 *
 * @module
 */

import type { AndroidClaims } from '../android/android.ts'
import type { AppleClaims } from '../apple/apple.ts'
import type { DcapClaims } from '../dcap/dcap.ts'
import type { NitroClaims } from '../nitro/nitro.ts'
import type { SelfClaims } from '../self/self.ts'
import type { SnpClaims } from '../sev-snp/sev-snp.ts'
import { tcbAtLeast } from '../sev-snp/tcb.ts'
import type { TpmClaims } from '../tpm/tpm.ts'
import {
  type Aspect,
  type Bonus,
  type Finding,
  MEASURED_BUILD,
  SECURE_BOOT,
  type Tier,
} from './appraisal.ts'
import type { FindingCode } from './errors.ts'
import type { Policy } from './policy.ts'

export type Claims =
  | AndroidClaims
  | AppleClaims
  | DcapClaims
  | NitroClaims
  | SelfClaims
  | SnpClaims
  | TpmClaims

/** What rules make of claims, before they are added up. */
export interface Judged {
  readonly tier: Tier
  readonly baseMicrosMax: number
  readonly bonuses: readonly Bonus[]
  readonly findings: readonly Finding[]
}

/** Applies the rules of `policy` for the kind of `claims`. */
export function judged(claims: Claims, policy: Policy, nowMs: number): Judged {
  switch (claims.kind) {
    case 'self':
      return judgedSelf(claims, policy)
    case 'tpm':
      return judgedTpm(claims, policy)
    case 'sev-snp':
      return judgedSnp(claims, policy)
    case 'sgx':
    case 'tdx':
      return judgedDcap(claims, policy)
    case 'nitro':
      return judgedNitro(claims, policy)
    case 'android':
      return judgedAndroid(claims, policy, nowMs)
    case 'apple':
      return judgedApple(claims, policy)
  }
}

function judgedSelf({ release }: SelfClaims, { self }: Policy): Judged {
  return {
    tier: 'self',
    baseMicrosMax: Number.MAX_SAFE_INTEGER,
    bonuses: [],
    findings: [
      ...against(!self.enabled, 'POLICY_KIND_OFF', 'configuration'),
      ...against(self.releaseRequired && release === undefined, 'POLICY_RELEASE', 'executables'),
    ],
  }
}

function judgedTpm(claims: TpmClaims, { tpm }: Policy): Judged {
  const listed = Object.entries(tpm.registers)
  const matches = listed.every(([index, values]) =>
    values.includes(claims.pcrs[Number(index)] ?? ''),
  )
  const secure = claims.secureBoot?.enabled === true
  const manufacturer = claims.maker?.manufacturer
  return {
    tier: 'tpm',
    baseMicrosMax: tpm.baseMicrosMax,
    bonuses: [
      ...(secure ? [SECURE_BOOT] : []),
      ...(listed.length > 0 && matches ? [MEASURED_BUILD] : []),
    ],
    findings: [
      ...against(!tpm.enabled, 'POLICY_KIND_OFF', 'hardware'),
      ...against(claims.home === 'unproven', 'POLICY_KEY_HOME', 'instanceIdentity'),
      ...against(
        manufacturer !== undefined && tpm.manufacturersDenied.includes(manufacturer),
        'POLICY_MANUFACTURER',
        'hardware',
      ),
      ...against(
        tpm.bindingKeyRequired && claims.bindingKey === undefined,
        'POLICY_BINDING_KEY',
        'instanceIdentity',
      ),
      ...against(tpm.secureBootRequired && !secure, 'POLICY_SECURE_BOOT', 'configuration'),
      ...against(!matches, 'POLICY_MEASUREMENT', 'executables'),
    ],
  }
}

function judgedSnp(claims: SnpClaims, { sevSnp }: Policy): Judged {
  const family = sevSnp[claims.product]
  return {
    ...measured(sevSnp.measurements, claims.measurement, family.baseMicrosMax, [
      ...against(!family.enabled, 'POLICY_KIND_OFF', 'hardware'),
      ...against(claims.debug, 'POLICY_DEBUG', 'configuration'),
      ...against(claims.migration, 'POLICY_MIGRATION', 'configuration'),
      ...against(claims.vmpl !== 0, 'POLICY_PRIVILEGE', 'configuration'),
      ...against(!tcbAtLeast(claims.tcb, family.tcbMin), 'POLICY_TCB', 'hardware'),
      ...against(sevSnp.aliasCheckRequired && !claims.aliasCheck, 'POLICY_ALIAS_CHECK', 'hardware'),
      ...against(
        sevSnp.revocationRequired && !claims.revocationChecked,
        'POLICY_REVOCATION',
        'hardware',
      ),
      ...warning(claims.provisional, 'POLICY_PROVISIONAL', 'hardware'),
    ]),
  }
}

function judgedDcap(claims: DcapClaims, policy: Policy): Judged {
  const rules = policy[claims.kind]
  const { mrEnclave, mrTd } = claims.measurements
  const advised = claims.advisories.some((id) => rules.advisoriesDenied.includes(id))
  return measured(rules.measurements, mrEnclave ?? mrTd ?? '', rules.baseMicrosMax, [
    ...against(!rules.enabled, 'POLICY_KIND_OFF', 'hardware'),
    ...against(claims.debug, 'POLICY_DEBUG', 'configuration'),
    ...against(!rules.statuses.includes(claims.tcbStatus), 'POLICY_TCB', 'hardware'),
    ...against(advised, 'POLICY_ADVISORY', 'hardware'),
    ...warning(claims.stale, 'POLICY_COLLATERAL_STALE', 'hardware'),
  ])
}

function judgedNitro(claims: NitroClaims, { nitro }: Policy): Judged {
  return measured(nitro.measurements, claims.pcrs[0] ?? '', nitro.baseMicrosMax, [
    ...against(!nitro.enabled, 'POLICY_KIND_OFF', 'hardware'),
    ...against(claims.debug, 'POLICY_DEBUG', 'configuration'),
  ])
}

function judgedAndroid(claims: AndroidClaims, { android }: Policy, nowMs: number): Judged {
  const { application, statusAgeMs, osPatchLevel } = claims
  const names = (application?.packages ?? []).flatMap((name) =>
    (application?.signers ?? []).map((signer) => `${name} ${signer}`),
  )
  const ours = android.apps.includes('*') || names.some((name) => android.apps.includes(name))
  const genuine = claims.locked && claims.bootState === 'verified'
  const checked = statusAgeMs !== undefined && statusAgeMs <= android.statusAgeHoursMax * HOUR_MS
  const patchAge = osPatchLevel === undefined ? undefined : monthsSince(osPatchLevel, nowMs)
  const old = patchAge === undefined || patchAge > android.patchAgeMonthsMax
  return {
    tier: 'mobile',
    baseMicrosMax: android.baseMicrosMax,
    bonuses: genuine ? [SECURE_BOOT] : [],
    findings: [
      ...against(!android.enabled, 'POLICY_KIND_OFF', 'hardware'),
      ...against(!genuine, 'POLICY_BOOT_STATE', 'configuration'),
      ...against(!ours, 'POLICY_APP', 'executables'),
      ...against(!checked, 'POLICY_REVOCATION', 'hardware'),
      ...warning(old, 'POLICY_PATCH_LEVEL', 'configuration'),
    ],
  }
}

function judgedApple(claims: AppleClaims, { apple }: Policy): Judged {
  const listed = apple.environments.includes(claims.environment)
  return {
    tier: 'mobile',
    baseMicrosMax: apple.baseMicrosMax,
    bonuses: [],
    findings: [
      ...against(!apple.enabled, 'POLICY_KIND_OFF', 'hardware'),
      ...against(!apple.apps.includes(claims.appId), 'POLICY_APP', 'executables'),
      ...against(!listed, 'POLICY_ENVIRONMENT', 'executables'),
    ],
  }
}

/** Confidential guests: without a list of measurements they prove only that they are some guest. */
function measured(
  measurements: readonly string[],
  found: string,
  baseMicrosMax: number,
  findings: readonly Finding[],
): Judged {
  const open = measurements.length === 0
  const matches = measurements.includes(found)
  return {
    tier: open ? 'tpm' : 'tee',
    baseMicrosMax,
    bonuses: matches ? [MEASURED_BUILD] : [],
    findings: [
      ...findings,
      ...warning(open, 'POLICY_MEASUREMENT_OPEN', 'executables'),
      ...against(!open && !matches, 'POLICY_MEASUREMENT', 'executables'),
    ],
  }
}

const HOUR_MS = 3_600_000

/** Whole months from a year and month such as 202607 to now. */
function monthsSince(yearMonth: number, nowMs: number): number {
  const now = new Date(nowMs)
  const months = Math.floor(yearMonth / 100) * 12 + (yearMonth % 100) - 1
  return now.getUTCFullYear() * 12 + now.getUTCMonth() - months
}

function against(holds: boolean, code: FindingCode, aspect: Aspect): readonly Finding[] {
  return holds ? [{ code, status: 'contraindicated', aspect }] : []
}

function warning(holds: boolean, code: FindingCode, aspect: Aspect): readonly Finding[] {
  return holds ? [{ code, status: 'warning', aspect }] : []
}
