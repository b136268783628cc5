/**
 * Collateral in the forms in which vendors publish it and people keep it.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { fromHex, textOf, utf8 } from '../../core/bytes.ts'
import { signedJsonOf } from '../dcap/collateral.ts'
import { isRecord } from '../dcap/json-shape.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { AttestationError, demand, refuse } from '../errors.ts'
import { readCertificate } from '../x509/certificate.ts'
import { readCrl } from '../x509/crl.ts'
import { type CollateralItem, itemOfJson } from './item.ts'

/** What is said beside a file. */
export interface CollateralFileInit {
  /** The signer and its issuers in PEM, as the service of Intel sends them in a header; empty for none. */
  readonly issuerChain: string
  /** SHA-256 of the certificate that is to be trusted as a root, in hex. */
  readonly fingerprint: string | undefined
  readonly fetchedAtMs: number
}

const none = { signature: undefined, issuerChain: '', fetchedAtMs: undefined } as const

/**
 * The items in a file, in an order in which each rests on those before it: a revocation
 * list in DER; a root of TPM makers in PEM or DER; Intel's JSON as its service answers; all that belongs to a
 * quote as one JSON object; Google's list of revoked keys.
 *
 * @throws {AttestationError} `COLLATERAL_MALFORMED`, `COLLATERAL_FINGERPRINT` and codes of what was read.
 */
export function collateralIn(
  bytes: Uint8Array,
  init: CollateralFileInit,
): readonly CollateralItem[] {
  if (bytes[0] === SEQUENCE_TAG)
    return [isCrl(bytes) ? crlItem(bytes, init) : rootItem(bytes, init)]
  const text = textOf(bytes) ?? refuse('COLLATERAL_MALFORMED', 'neither DER nor text')
  if (text.startsWith('-----BEGIN')) {
    return certificatesOfPem(text, 1).map((certificate) => rootItem(certificate, init))
  }
  const value = objectIn(text)
  if ('entries' in value) {
    return [{ ...none, type: 'android-status', body: bytes, fetchedAtMs: init.fetchedAtMs }]
  }
  if ('tcbInfo' in value) return [jsonItem(text, 'tcbInfo', init)]
  if ('enclaveIdentity' in value) return [jsonItem(text, 'enclaveIdentity', init)]
  return bundle(value)
}

const SEQUENCE_TAG = 0x30

function isCrl(der: Uint8Array): boolean {
  try {
    readCrl(der)
    return true
  } catch (error) {
    // A certificate is a SEQUENCE, too; what is neither is refused as a certificate.
    if (error instanceof AttestationError) return false
    throw error
  }
}

function crlItem(body: Uint8Array, { issuerChain }: Pick<CollateralFileInit, 'issuerChain'>) {
  return { ...none, type: 'crl', body, issuerChain } as const
}

/** Whoever imports a root says which one it is: a file alone may have been exchanged. */
function rootItem(body: Uint8Array, { fingerprint }: CollateralFileInit): CollateralItem {
  const { ca } = readCertificate(body)
  demand(ca, 'X509_ISSUER_NOT_CA', 'root that is no authority')
  const found = createHash('sha256').update(body).digest('hex')
  demand(fingerprint === found, 'COLLATERAL_FINGERPRINT', `fingerprint is ${found}`)
  return { ...none, type: 'tpm-root', body }
}

function jsonItem(
  text: string,
  member: 'tcbInfo' | 'enclaveIdentity',
  { issuerChain }: CollateralFileInit,
): CollateralItem {
  const signed = signedJsonOf(text, member, issuerChain)
  return itemOfJson(signed, bytesIn(signed.signature, 'signature'))
}

/** Collateral as it is usually kept together with a quote: texts and chains as they came, the rest in hex. */
function bundle(value: Readonly<Record<string, unknown>>): readonly CollateralItem[] {
  const text = (name: string): string => {
    const member = value[name]
    return typeof member === 'string'
      ? member
      : refuse('COLLATERAL_MALFORMED', `JSON without ${name}`)
  }
  const bytes = (name: string): Uint8Array => bytesIn(text(name), name)
  const signed = (name: string): CollateralItem => ({
    ...none,
    type: 'intel-json',
    body: utf8(text(name)),
    signature: bytes(`${name}_signature`),
    issuerChain: text(`${name}_issuer_chain`),
  })
  return [
    crlItem(bytes('root_ca_crl'), { issuerChain: '' }),
    crlItem(bytes('pck_crl'), { issuerChain: text('pck_crl_issuer_chain') }),
    signed('tcb_info'),
    signed('qe_identity'),
  ]
}

function bytesIn(hex: string, name: string): Uint8Array {
  return fromHex(hex.toLowerCase()) ?? refuse('COLLATERAL_MALFORMED', `${name} is not hexadecimal`)
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    // Said below, like JSON of another form.
  }
  return refuse('COLLATERAL_MALFORMED', 'neither PEM nor a JSON object')
}
