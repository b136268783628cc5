/**
 * Android Key Attestation: secure hardware of a phone vouches for a key, and for how the phone booted.
 *
 * Whoever holds a genuine attested key can sign a further certificate with a
 * description of his own. That is why the description counts in the leaf only, why
 * chains have exactly the lengths that Google issues, and why issuers must be authorities.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { demand, refuse } from '../errors.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import { checkPath, PATH_COUNT_MAX } from '../x509/path.ts'
import {
  type AndroidApplication,
  type BootState,
  type KeyDescription,
  readKeyDescription,
} from './key-description.ts'
import { type AndroidStatusList, plainSerial } from './status-list.ts'

export interface AndroidEvidence {
  readonly kind: 'android'
  /** Certificates, leaf first. */
  readonly chain: readonly Uint8Array[]
}

export interface AndroidContext extends VerifyContext {
  /** Undefined says that it is not asked for, and the claims say so. */
  readonly statusList?: AndroidStatusList | undefined
}

export interface AndroidClaims extends CommonClaims {
  readonly kind: 'android'
  readonly securityLevel: 'tee' | 'strongbox'
  readonly locked: boolean
  readonly bootState: BootState
  readonly bootKey: string
  /** Year and month, such as 202607; undefined when the hardware does not tell. */
  readonly osPatchLevel: number | undefined
  /** Who asked for the key; true as far as the system that booted is. */
  readonly application: AndroidApplication | undefined
  /** True when the key can do nothing but sign. */
  readonly signsOnly: boolean
  /** SHA-256 of the attested key, in hex. */
  readonly keyId: string
  /** True for keys that Google renews over the network, false for those of the factory. */
  readonly provisioned: boolean
  /** Age of the status list, in milliseconds; undefined when none was asked for. */
  readonly statusAgeMs: number | undefined
}

const KEY_DESCRIPTION = '1.3.6.1.4.1.11129.2.1.17'
const PROVISIONING_INFO = '1.3.6.1.4.1.11129.2.1.30'
/** Leaf, attestation key, one authority below the root. */
const FACTORY_COUNT = 3
/** Leaf, attestation key, two authorities below the root. */
const PROVISIONED_COUNT = 4
const PURPOSE_SIGN = 2
const LEVELS = [undefined, 'tee', 'strongbox'] as const

/** @throws {AttestationError} when anything does not hold. */
export function verifyAndroid(evidence: AndroidEvidence, context: AndroidContext): AndroidClaims {
  const count = evidence.chain.length
  demand(count <= PATH_COUNT_MAX, 'X509_PATH_LENGTH', `${count} certificates`)
  const roots = context.anchors.roots.android
  const chain = withoutRoot(
    evidence.chain.map(readCertificate),
    new Set(roots.map(({ certificate }) => certificate.spkiSha256)),
  )
  const [leaf, attestation] = chain
  if (leaf === undefined || attestation === undefined) refuse('X509_PATH_LENGTH', 'no chain')
  const provisioned = attestation.extensions.has(PROVISIONING_INFO)
  const anchor = checkPath(chain, {
    nowMs: context.nowMs,
    anchors: roots,
    ...(provisioned
      ? { undated: [0] }
      : // Certificates of the factory outlive their dates, and their batch keys are marked as no authority.
        { undated: chain.map((_, index) => index), issuerMayLackCa: [0] }),
  })
  checkPositions(chain, provisioned)
  checkStatus(chain, context.statusList)
  const description = describedKey(leaf)
  const bound = checkBinding(context.binding, description.challenge)
  const dated = provisioned ? chain.slice(1) : []
  return {
    kind: 'android',
    bound,
    anchor: anchor.name,
    evidenceId: createHash('sha256').update(leaf.der).digest('hex'),
    hardwareId: undefined,
    validUntilMs: Math.min(...dated.map(({ notAfterMs }) => notAfterMs), Number.MAX_SAFE_INTEGER),
    ...hardwareClaims(description),
    keyId: leaf.spkiSha256,
    provisioned,
    statusAgeMs: context.statusList && context.nowMs - context.statusList.fetchedAtMs,
  }
}

/** Google has several root certificates with one key; the pinned one stands for all of them. */
function withoutRoot(
  chain: readonly Certificate[],
  rootKeys: ReadonlySet<string>,
): readonly Certificate[] {
  const last = chain.at(-1)
  return last !== undefined && rootKeys.has(last.spkiSha256) ? chain.slice(0, -1) : chain
}

function checkPositions(chain: readonly Certificate[], provisioned: boolean): void {
  const expected = provisioned ? PROVISIONED_COUNT : FACTORY_COUNT
  const right = chain.length === expected
  demand(right, 'X509_PATH_LENGTH', `expected ${expected} certificates, got ${chain.length}`)
  const misplaced = chain.some(
    ({ extensions }, index) => extensions.has(KEY_DESCRIPTION) !== (index === 0),
  )
  demand(!misplaced, 'ANDROID_POSITION', 'key description outside the leaf, or none in it')
}

function checkStatus(chain: readonly Certificate[], list: AndroidStatusList | undefined): void {
  for (const { serial } of chain) {
    const listed = list?.revoked.has(plainSerial(serial)) === true
    demand(!listed, 'X509_REVOKED', 'a certificate is on the status list')
  }
}

function describedKey(leaf: Certificate): KeyDescription {
  const extension = leaf.extensions.get(KEY_DESCRIPTION)
  if (extension === undefined) refuse('ANDROID_POSITION', 'no key description in the leaf')
  return readKeyDescription(extension.value)
}

function hardwareClaims(
  description: KeyDescription,
): Pick<
  AndroidClaims,
  | 'securityLevel'
  | 'locked'
  | 'bootState'
  | 'bootKey'
  | 'osPatchLevel'
  | 'application'
  | 'signsOnly'
> {
  const { attestationLevel, keyLevel, hardware, software } = description
  const securityLevel = LEVELS[attestationLevel]
  if (securityLevel === undefined || attestationLevel !== keyLevel) {
    refuse('ANDROID_SECURITY_LEVEL', `attestation at level ${attestationLevel}, key at ${keyLevel}`)
  }
  demand(hardware.origin === 0, 'ANDROID_KEY_ORIGIN', 'key was not generated in the hardware')
  // What software says of the boot is what an attacker would say, so only the hardware's word counts.
  const { rootOfTrust } = hardware
  if (rootOfTrust === undefined) refuse('ANDROID_MALFORMED', 'hardware says nothing of the boot')
  const { purposes } = hardware
  return {
    securityLevel,
    locked: rootOfTrust.deviceLocked,
    bootState: rootOfTrust.bootState,
    bootKey: rootOfTrust.bootKey,
    osPatchLevel: hardware.osPatchLevel,
    application: software.application ?? hardware.application,
    signsOnly: purposes.length === 1 && purposes[0] === PURPOSE_SIGN,
  }
}
