/**
 * Every kind of evidence, and the one way from any of them to claims.
 *
 * @module
 */

import { type AndroidEvidence, verifyAndroid } from './android/android.ts'
import type { AndroidStatusList } from './android/status-list.ts'
import { type AppleEvidence, verifyApple } from './apple/apple.ts'
import type { DcapCollateral } from './dcap/collateral.ts'
import { type DcapEvidence, verifyDcap } from './dcap/dcap.ts'
import { refuse } from './errors.ts'
import { type NitroEvidence, verifyNitro } from './nitro/nitro.ts'
import type { Policy } from './policy/policy.ts'
import type { Claims } from './policy/rules.ts'
import { type SelfContext, type SelfEvidence, verifySelf } from './self/self.ts'
import { type SnpEvidence, verifySnp } from './sev-snp/sev-snp.ts'
import { type Activation, type TpmContext, type TpmEvidence, verifyTpm } from './tpm/tpm.ts'
import type { VerifyContext } from './verified.ts'
import type { Crl } from './x509/crl.ts'

export type Evidence =
  | AndroidEvidence
  | AppleEvidence
  | DcapEvidence
  | NitroEvidence
  | SelfEvidence
  | SnpEvidence
  | TpmEvidence

/** What the vendors say today, as far as it is at hand. */
export interface Collateral {
  readonly dcap?: DcapCollateral | undefined
  /** Undefined: not asked for. */
  readonly amdCrls?: readonly Crl[] | undefined
  /** Lists of the makers of TPMs; there is none for most of them. */
  readonly tpmCrls?: readonly Crl[] | undefined
  readonly androidStatus?: AndroidStatusList | undefined
}

/** All that any kind may need; each takes what is its own. */
export interface EvidenceContext extends VerifyContext {
  readonly collateral: Collateral
  /** Decides which registers are asked for, which apps are meant, and how much grace there is. */
  readonly policy: Policy
  readonly bank: TpmContext['bank']
  readonly activation: Activation
  /** Who the evidence is about; undefined where nobody knows, and self evidence is refused. */
  readonly device?: Pick<SelfContext, 'attester' | 'verify' | 'releaseKeys'> | undefined
}

const DAY_MS = 86_400_000

/** @throws {AttestationError} when anything does not hold. */
export function verifyEvidence(evidence: Evidence, context: EvidenceContext): Claims {
  const { collateral, policy, device, ...common } = context
  const graceMs = policy.graceDays * DAY_MS
  switch (evidence.kind) {
    case 'tpm':
      return verifyTpm(evidence, {
        ...common,
        selection: policy.tpm.pcrs,
        crls: collateral.tpmCrls,
      })
    case 'sev-snp':
      return verifySnp(evidence, { ...common, crls: collateral.amdCrls, graceMs })
    case 'sgx':
    case 'tdx':
      return verifyDcap(evidence, { ...common, collateral: collateral.dcap, graceMs })
    case 'nitro':
      return verifyNitro(evidence, common)
    case 'android':
      return verifyAndroid(evidence, { ...common, statusList: collateral.androidStatus })
    case 'apple':
      return verifyApple(evidence, { ...common, appIds: policy.apple.apps })
    case 'self':
      if (device === undefined) refuse('SELF_SIGNATURE', 'nobody says which device this is about')
      return verifySelf(evidence, { ...common, ...device })
  }
}
