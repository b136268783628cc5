/**
 * AMD SEV-SNP: a report that the processor signs about one confidential guest.
 *
 * @module
 */

import { createHash, verify } from 'node:crypto'
import { toHex } from '../../core/bytes.ts'
import { demand, refuse } from '../errors.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { checkPath, orderedPath, PATH_COUNT_MAX } from '../x509/path.ts'
import { readReport, type SnpReport } from './report.ts'
import { readSigningKey, type SnpSigningKey } from './signing-key.ts'
import { productOf, type SnpProduct, type SnpTcb, tcbOf } from './tcb.ts'

export interface SnpEvidence {
  readonly kind: 'sev-snp'
  readonly report: Uint8Array
  /** The certificate of the signing key, then issuers in any order. */
  readonly certificates: readonly Uint8Array[]
}

export interface SnpContext extends VerifyContext {
  /** AMD's revocation lists; undefined says that they are not asked for, and the claims say so. */
  readonly crls?: readonly Crl[] | undefined
  /** How long past its next update a revocation list still counts, in milliseconds. */
  readonly graceMs?: number
}

export interface SnpClaims extends CommonClaims {
  readonly kind: 'sev-snp'
  readonly product: SnpProduct
  readonly signer: SnpSigningKey['kind']
  /** The cloud that a VLEK is lent to. */
  readonly cloud: string | undefined
  /** True when the host may read the guest's memory. */
  readonly debug: boolean
  /** True when a migration agent may move the guest. */
  readonly migration: boolean
  readonly vmpl: number
  readonly tcb: SnpTcb
  /** True while the firmware could still be rolled back to an older level. */
  readonly provisional: boolean
  /** True when the platform checked its memory for aliases (AMD-SB-3015). */
  readonly aliasCheck: boolean
  /** What the guest was started from, in hex. */
  readonly measurement: string
  readonly hostData: string
  readonly idKeyDigest: string
  readonly authorKeyDigest: string
  /** False when no revocation list was asked for. */
  readonly revocationChecked: boolean
}

/** @throws {AttestationError} when anything does not hold. */
export function verifySnp(evidence: SnpEvidence, context: SnpContext): SnpClaims {
  const report = readReport(evidence.report)
  const path = pathOf(evidence, context)
  const { nowMs, anchors, crls, graceMs = 0 } = context
  const anchor = checkPath(path, {
    nowMs,
    anchors: anchors.roots.amd,
    graceMs,
    ...(crls && { crls, revocable: [1] }),
  })
  const [leaf] = path
  if (leaf === undefined) refuse('X509_PATH_LENGTH', 'no certificate')
  const product = productNamed(anchor.name)
  const key = readSigningKey(leaf)
  checkSame(report, key, product)
  const signed = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' } as const
  const holds = verify('sha384', report.signedBytes, signed, report.signature)
  demand(holds, 'SNP_SIGNATURE', 'signature of the report does not hold')
  const bound = checkBinding(context.binding, report.reportData)
  return {
    kind: 'sev-snp',
    bound,
    anchor: anchor.name,
    evidenceId: createHash('sha256').update(report.signedBytes).digest('hex'),
    hardwareId: key.hardwareId && createHash('sha256').update(key.hardwareId).digest('hex'),
    validUntilMs: Math.min(...path.map(({ notAfterMs }) => notAfterMs)),
    product,
    signer: report.signer,
    cloud: key.cloud,
    debug: report.policy.debug,
    migration: report.policy.migration,
    vmpl: report.vmpl,
    tcb: tcbOf(report.reportedTcb, product),
    provisional: toHex(report.currentTcb) !== toHex(report.committedTcb),
    aliasCheck: report.platform.aliasCheck,
    measurement: report.measurement,
    hostData: report.hostData,
    idKeyDigest: report.idKeyDigest,
    authorKeyDigest: report.authorKeyDigest,
    revocationChecked: crls !== undefined,
  }
}

function pathOf({ certificates }: SnpEvidence, { anchors }: SnpContext): readonly Certificate[] {
  const count = certificates.length
  demand(count >= 1 && count <= PATH_COUNT_MAX, 'X509_PATH_LENGTH', `${count} certificates`)
  const [leaf, ...hints] = certificates.map(readCertificate)
  if (leaf === undefined) refuse('X509_PATH_LENGTH', 'no certificate')
  const path = orderedPath(leaf, [...hints, ...anchors.intermediates], anchors.roots.amd)
  demand(path.length === 2, 'X509_PATH_LENGTH', 'expected a signing key and its issuer')
  return path
}

/** The generation that a pinned root stands for: `amd-ark-<generation>`. */
function productNamed(anchor: string): SnpProduct {
  const product = (['milan', 'genoa', 'turin'] as const).find((name) => anchor.endsWith(name))
  return product ?? refuse('SNP_PRODUCT', 'the root is of no known generation')
}

/** Report, certificate and root must speak of one chip, one generation and one firmware level. */
function checkSame(report: SnpReport, key: SnpSigningKey, product: SnpProduct): void {
  demand(
    report.signer === key.kind,
    'SNP_SIGNING_KEY',
    `report by ${report.signer}, certificate of ${key.kind}`,
  )
  const named = key.product.toLowerCase().startsWith(product)
  demand(named, 'SNP_PRODUCT', `certificate is not of ${product}`)
  const fits = report.cpuid === undefined || productOf(report.cpuid) === product
  demand(fits, 'SNP_PRODUCT', `processor is not of ${product}`)
  if (key.hardwareId !== undefined && !report.chipKeyMasked) {
    // A chip id of 8 bytes stands at the front of the field, the rest is zero.
    const id = key.hardwareId.padEnd(2 * report.chipId.length, '0')
    demand(toHex(report.chipId) === id, 'SNP_CHIP_ID', 'chip id is not that of the certificate')
  }
  const tcb = tcbOf(report.reportedTcb, product)
  const names = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'] as const
  for (const name of names) {
    demand(tcb[name] === key.tcb[name], 'SNP_TCB', `${name} of report and certificate differ`)
  }
}
