/**
 * What Intel says about platforms, modules and enclaves: signed JSON of the Provisioning Certification Service, version 4.
 *
 * The signature is over the text: it is checked before anything is parsed, over exactly
 * the characters that came.
 *
 * @module
 */

import { fromHex, utf8 } from '../../core/bytes.ts'
import type { AnchorSet } from '../anchors/anchor-set.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { demand, refuse } from '../errors.ts'
import { readCertificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { checkPath } from '../x509/path.ts'
import { isRecord, list, record, text, timeText, unsigned } from './json-shape.ts'
import { holds } from './signatures.ts'

export interface SignedJson {
  /** The value, character for character. */
  readonly text: string
  /** r and s, in hex. */
  readonly signature: string
  /** Certificates of the signer, in PEM form, leaf first. */
  readonly issuerChain: string
}

export interface DcapCollateral {
  readonly rootCrl: Crl
  readonly pckCrl: Crl
  readonly tcbInfo: SignedJson
  readonly qeIdentity: SignedJson
}

export interface CollateralRules {
  readonly nowMs: number
  readonly anchors: AnchorSet
  readonly rootCrl: Crl
  /** How long past its next update collateral still counts, in milliseconds. */
  readonly graceMs: number
}

export type JsonRecord = Readonly<Record<string, unknown>>

/** Signed JSON that holds. */
export interface CheckedJson {
  readonly value: JsonRecord
  readonly nextUpdateMs: number
  /** Rises with every recovery event; collateral with a lower number is older. */
  readonly evaluationNumber: number
}

const TEXT_CHARACTERS_MAX = 128 * 1024
const SIGNER = 'Intel SGX TCB Signing'

/** @throws {AttestationError} with a `DCAP_COLLATERAL_`, `X509_` or `CRL_` code. */
export function checkSignedJson(signed: SignedJson, rules: CollateralRules): CheckedJson {
  const { nowMs, anchors, rootCrl, graceMs } = rules
  demand(signed.text.length <= TEXT_CHARACTERS_MAX, 'ATTESTATION_LIMIT', 'collateral too large')
  const chain = certificatesOfPem(signed.issuerChain, 4).map(readCertificate)
  checkPath(chain, {
    nowMs,
    anchors: anchors.roots.intel,
    crls: [rootCrl],
    revocable: [0],
    graceMs,
  })
  const [signer] = chain
  if (signer?.commonName !== SIGNER) refuse('DCAP_COLLATERAL_SIGNATURE', 'signer of something else')
  const signature = fromHex(signed.signature)
  const fits = signature?.length === 64 && holds(signer.publicKey, utf8(signed.text), signature)
  demand(fits, 'DCAP_COLLATERAL_SIGNATURE', 'signature of the collateral does not hold')
  const value = record(parsed(signed.text), 'collateral')
  const nextUpdateMs = timeText(value['nextUpdate'])
  demand(nowMs >= timeText(value['issueDate']), 'DCAP_COLLATERAL_STALE', 'collateral of the future')
  demand(
    nowMs <= nextUpdateMs + graceMs,
    'DCAP_COLLATERAL_STALE',
    'collateral past its next update',
  )
  return { value, nextUpdateMs, evaluationNumber: unsigned(value['tcbEvaluationDataNumber']) }
}

/**
 * Takes the body of an answer of the service apart, without touching what is signed.
 *
 * @param member - `tcbInfo` or `enclaveIdentity`.
 */
export function signedJsonOf(
  body: string,
  member: 'tcbInfo' | 'enclaveIdentity',
  issuerChain: string,
): SignedJson {
  const match = new RegExp(
    `^\\{"${member}":(\\{.*\\}),"signature":"([0-9a-f]{128})"\\}\\s*$`,
    's',
  ).exec(body)
  const [, inner, signature] = match ?? []
  if (inner === undefined || signature === undefined) {
    refuse('DCAP_COLLATERAL_MALFORMED', `no signed ${member}`)
  }
  return { text: inner, signature, issuerChain }
}

/** Levels of a list, best first, as Intel orders them. */
export function levelsOf(value: JsonRecord): readonly JsonRecord[] {
  return list(value['tcbLevels'] ?? [], 'tcbLevels').map((level) => record(level, 'level'))
}

/** Advisories of a level. */
export function advisoriesOf(level: JsonRecord): readonly string[] {
  return list(level['advisoryIDs'] ?? [], 'advisoryIDs').map((id) => text(id))
}

function parsed(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json)
    return isRecord(value) ? value : refuse('DCAP_COLLATERAL_MALFORMED', 'collateral is no object')
  } catch (error) {
    if (error instanceof SyntaxError) refuse('DCAP_COLLATERAL_MALFORMED', 'collateral is no JSON')
    throw error
  }
}
