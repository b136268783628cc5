/**
 * Intel SGX and TDX: a quote, the platform behind it, and what Intel says of that platform today.
 *
 * Collateral often comes from whoever is being judged, so everything in it is
 * verified to the pinned root, and a revocation list that is missing, stale or
 * unreadable is a refusal.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { textOf, toHex } from '../../core/bytes.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { demand, refuse } from '../errors.ts'
import { checkReplay, readEventLog } from '../event-log/event-log.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import { checkPath } from '../x509/path.ts'
import { checkSignedJson, type DcapCollateral, type JsonRecord } from './collateral.ts'
import { hex } from './json-shape.ts'
import { type PckPlatform, readPck } from './pck.ts'
import { type DcapQuote, readDcapQuote, type SgxBody, type TdxBody } from './quote.ts'
import { checkQuoteSignatures } from './signatures.ts'
import { enclaveLevel, moduleLevel, platformLevel, type TcbLevel } from './tcb-level.ts'
import { joinedStatus, type TcbStatus } from './tcb-status.ts'

export interface DcapEvidence {
  readonly kind: 'sgx' | 'tdx'
  readonly quote: Uint8Array
  /** CCEL: the log of what went into the runtime measurements; TDX only. */
  readonly eventLog?: Uint8Array | undefined
}

export interface DcapContext extends VerifyContext {
  readonly collateral: DcapCollateral | undefined
  /** How long past its next update collateral still counts, in milliseconds. */
  readonly graceMs?: number
}

export interface DcapClaims extends CommonClaims {
  readonly kind: 'sgx' | 'tdx'
  readonly fmspc: string
  /** The worst of platform, quoting enclave and TDX module. */
  readonly tcbStatus: TcbStatus
  /** Security advisories that are not dealt with. */
  readonly advisories: readonly string[]
  /** The oldest day that a level stands for, in milliseconds since 1970. */
  readonly tcbDateMs: number
  /** True when collateral is past its next update, within the grace that was given. */
  readonly stale: boolean
  /** True when the host may read the memory. */
  readonly debug: boolean
  /** Measurements by their names, in hex. */
  readonly measurements: Readonly<Record<string, string>>
  readonly productId: number | undefined
  readonly securityVersion: number | undefined
  /** True when a log was shown and leads to the runtime measurements. */
  readonly logReplayed: boolean
}

const PCK_NAME = 'Intel SGX PCK Certificate'
const PCK_CHAIN_COUNT_MAX = 4
const DEBUG_SGX = 2
const DEBUG_TDX = 1

/** @throws {AttestationError} when anything does not hold. */
export function verifyDcap(evidence: DcapEvidence, context: DcapContext): DcapClaims {
  const quote = readDcapQuote(evidence.quote)
  const { body } = quote
  demand(body.type === evidence.kind, 'DCAP_MALFORMED', `quote of ${body.type}`)
  const { collateral, graceMs = 0, nowMs, anchors } = context
  const chain = pckChain(quote)
  if (collateral === undefined) refuse('DCAP_COLLATERAL_MISSING', 'no collateral')
  const { rootCrl, pckCrl } = collateral
  const anchor = checkPath(chain, {
    nowMs,
    anchors: anchors.roots.intel,
    crls: [rootCrl, pckCrl],
    revocable: [0, 1],
    graceMs,
  })
  const [pck] = chain
  if (pck?.commonName !== PCK_NAME || chain.length > 3) {
    refuse('DCAP_PLATFORM', 'chain of something else than a platform')
  }
  checkQuoteSignatures(quote, pck.publicKey)
  const platform = readPck(pck)
  const rules = { nowMs, anchors, rootCrl, graceMs }
  const tcbInfo = checkSignedJson(collateral.tcbInfo, rules)
  const qeIdentity = checkSignedJson(collateral.qeIdentity, rules)
  checkSubject(tcbInfo.value, qeIdentity.value, { platform, type: body.type })
  const levels = levelsFor(quote, platform, {
    tcbInfo: tcbInfo.value,
    qeIdentity: qeIdentity.value,
  })
  const bound = checkBinding(context.binding, body.reportData)
  const nextUpdates = [tcbInfo, qeIdentity, rootCrl, pckCrl].map((one) => one.nextUpdateMs)
  return {
    kind: body.type,
    bound,
    anchor: anchor.name,
    evidenceId: createHash('sha256').update(quote.signedBytes).digest('hex'),
    hardwareId: createHash('sha256').update(platform.ppid).digest('hex'),
    validUntilMs: Math.min(...chain.map(({ notAfterMs }) => notAfterMs), ...nextUpdates),
    fmspc: platform.fmspc,
    tcbStatus: joinedStatus(levels.map(({ status }) => status)),
    advisories: [...new Set(levels.flatMap(({ advisories }) => advisories))].toSorted(),
    tcbDateMs: Math.min(...levels.map(({ dateMs }) => dateMs)),
    stale: nowMs > Math.min(...nextUpdates),
    logReplayed: replayed(body, evidence.eventLog),
    ...(body.type === 'sgx' ? sgxClaims(body) : tdxClaims(body)),
  }
}

/**
 * The family of a quote's platform and the Name of who certified it, for finding collateral. Nothing is verified.
 *
 * @throws {AttestationError} when the quote cannot be read.
 */
export function dcapPlatform({ quote }: DcapEvidence): {
  readonly fmspc: string
  readonly pckIssuer: Uint8Array
} {
  const [pck] = pckChain(readDcapQuote(quote))
  if (pck === undefined) refuse('DCAP_PLATFORM', 'no certificate')
  return { fmspc: readPck(pck).fmspc, pckIssuer: pck.issuer }
}

function pckChain({ pckChain: pem }: DcapQuote): readonly Certificate[] {
  const chain = textOf(pem) ?? refuse('PEM_MALFORMED', 'chain is no text')
  return certificatesOfPem(chain, PCK_CHAIN_COUNT_MAX).map(readCertificate)
}

/** Collateral must be about this platform and this environment. */
function checkSubject(
  tcbInfo: JsonRecord,
  qeIdentity: JsonRecord,
  { platform, type }: { readonly platform: PckPlatform; readonly type: 'sgx' | 'tdx' },
): void {
  const [info, enclave] = type === 'tdx' ? ['TDX', 'TD_QE'] : ['SGX', 'QE']
  const right = tcbInfo['id'] === info && qeIdentity['id'] === enclave
  demand(right, 'DCAP_PLATFORM', `collateral is not that of ${info} and ${enclave}`)
  const [fmspc, pceId] = [toHex(hex(tcbInfo['fmspc'])), toHex(hex(tcbInfo['pceId']))]
  const same = fmspc === platform.fmspc && pceId === platform.pceId
  demand(same, 'DCAP_PLATFORM', `collateral of ${fmspc}, platform ${platform.fmspc}`)
}

function levelsFor(
  { body, qeReport }: DcapQuote,
  platform: PckPlatform,
  { tcbInfo, qeIdentity }: { readonly tcbInfo: JsonRecord; readonly qeIdentity: JsonRecord },
): readonly TcbLevel[] {
  const enclave = enclaveLevel(qeIdentity, qeReport)
  if (body.type === 'sgx') return [platformLevel(tcbInfo, platform, undefined), enclave]
  const module = moduleLevel(tcbInfo, body)
  const ofPlatform = platformLevel(tcbInfo, platform, body.teeTcbSvn)
  return [ofPlatform, enclave, ...(module === undefined ? [] : [module])]
}

/** Registers 1 to 4 of the log are the runtime measurements 0 to 3; 0 is what the guest was built from. */
function replayed(body: SgxBody | TdxBody, eventLog: Uint8Array | undefined): boolean {
  if (eventLog === undefined) return false
  if (body.type !== 'tdx') refuse('DCAP_MALFORMED', 'SGX has no event log')
  const values = new Map(body.rtmrs.map((value, index) => [index + 1, value]))
  checkReplay(readEventLog(eventLog), 'sha384', values)
  return true
}

type BodyClaims = Pick<DcapClaims, 'debug' | 'measurements' | 'productId' | 'securityVersion'>

function sgxClaims(body: SgxBody): BodyClaims {
  return {
    debug: ((body.attributes[0] ?? 0) & DEBUG_SGX) !== 0,
    measurements: { mrEnclave: body.mrEnclave, mrSigner: body.mrSigner },
    productId: body.productId,
    securityVersion: body.securityVersion,
  }
}

function tdxClaims(body: TdxBody): BodyClaims {
  const { mrTd, mrConfigId, mrOwner, mrServiceTd, rtmrs } = body
  return {
    debug: ((body.tdAttributes[0] ?? 0) & DEBUG_TDX) !== 0,
    measurements: {
      mrTd,
      mrConfigId,
      mrOwner,
      ...Object.fromEntries(rtmrs.map((value, index) => [`rtmr${index}`, toHex(value)])),
      ...(mrServiceTd === undefined ? {} : { mrServiceTd }),
    },
    productId: undefined,
    securityVersion: undefined,
  }
}
