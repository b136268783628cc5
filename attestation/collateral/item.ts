/**
 * One piece of collateral: what a vendor says today, as bytes that are named by their hash.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { textOf, toHex, utf8 } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import { readStatusList } from '../android/status-list.ts'
import type { SignedJson } from '../dcap/collateral.ts'
import { isRecord, timeText, unsigned } from '../dcap/json-shape.ts'
import { refuse } from '../errors.ts'
import { readCertificate } from '../x509/certificate.ts'
import { readCrl } from '../x509/crl.ts'

/** Longest encoded item: a revocation list of 1 MiB and the chain of its issuer. */
export const COLLATERAL_BYTES_MAX = 1_100_000

const shape = record({
  type: word('crl', 'intel-json', 'android-status', 'tpm-root'),
  /** DER, or text as it was signed. */
  body: bytes(1, 1_048_576),
  /** r and s of Intel's JSON. */
  signature: optional(bytes(64)),
  /** The signer and its issuers in PEM, leaf first; empty where a pinned root signs. */
  issuerChain: text(16_384),
  /** When it was fetched; only where nothing in it says when it was made. */
  fetchedAtMs: optional(uint()),
})

export type CollateralItem = ShapeOf<typeof shape>

/** What an item is about, and how new it is. Nothing of it is verified. */
export interface CollateralAbout {
  /** Items of one slot replace one another. */
  readonly slot: string
  readonly issuedMs: number
  /** Rises with every issue, where the vendor counts them; 0 elsewhere. */
  readonly serial: bigint
  readonly nextUpdateMs: number
}

/** True for what a vendor signed: only that may come from anybody. */
export function isVendorSigned({ type }: CollateralItem): boolean {
  return type === 'crl' || type === 'intel-json'
}

export function encodeCollateral(item: CollateralItem): Uint8Array {
  return encodeShape(shape, item)
}

/** @throws {AttestationError} `COLLATERAL_MALFORMED`. */
export function decodeCollateral(encoded: Uint8Array): CollateralItem {
  if (encoded.length > COLLATERAL_BYTES_MAX) refuse('ATTESTATION_LIMIT', 'collateral too large')
  const decoded = decodeShape(shape, encoded)
  return decoded.type === 'value' ? decoded.value : refuse('COLLATERAL_MALFORMED', decoded.reason)
}

/** SHA-256 of the encoded item, in hex. */
export function collateralId(encoded: Uint8Array): string {
  return createHash('sha256').update(encoded).digest('hex')
}

/** @throws {AttestationError} when the item cannot be read. */
export function collateralAbout(item: CollateralItem): CollateralAbout {
  const { type, body } = item
  switch (type) {
    case 'crl': {
      const { issuer, thisUpdateMs, nextUpdateMs, number = '0' } = readCrl(body)
      const slot = crlSlot(issuer)
      return { slot, issuedMs: thisUpdateMs, nextUpdateMs, serial: BigInt(`0x${number}`) }
    }
    case 'intel-json':
      return aboutJson(body)
    case 'android-status': {
      const { fetchedAtMs = 0 } = item
      readStatusList(textOf(body) ?? '', fetchedAtMs)
      const slot = ANDROID_SLOT
      return { slot, issuedMs: fetchedAtMs, serial: 0n, nextUpdateMs: Number.MAX_SAFE_INTEGER }
    }
    case 'tpm-root': {
      const { spkiSha256, notBeforeMs, notAfterMs } = readCertificate(body)
      const slot = `tpm-root ${spkiSha256}`
      return { slot, issuedMs: notBeforeMs, serial: 0n, nextUpdateMs: notAfterMs }
    }
  }
}

export const ANDROID_SLOT = 'android-status'

/** The slot of lists of the issuer with this encoded Name. */
export function crlSlot(issuer: Uint8Array): string {
  return `crl ${createHash('sha256').update(issuer).digest('hex')}`
}

/** The slot of TCB info of a family of platforms. */
export function tcbInfoSlot(type: 'sgx' | 'tdx', fmspc: string): string {
  return `tcb-info ${type} ${fmspc}`
}

/** The slot of the identity of the quoting enclave. */
export function qeIdentitySlot(type: 'sgx' | 'tdx'): string {
  return `qe-identity ${type}`
}

/** Intel's JSON in the form in which it is verified. */
export function signedJsonIn({ body, signature, issuerChain }: CollateralItem): SignedJson {
  const json = textOf(body) ?? refuse('COLLATERAL_MALFORMED', 'JSON is no text')
  return { text: json, signature: toHex(signature ?? new Uint8Array()), issuerChain }
}

/** The item of JSON that Intel signed. */
export function itemOfJson({ text: json, issuerChain }: SignedJson, signature: Uint8Array) {
  const item: CollateralItem = {
    type: 'intel-json',
    body: utf8(json),
    signature,
    issuerChain,
    fetchedAtMs: undefined,
  }
  return item
}

const ENVIRONMENTS: Readonly<Record<string, string>> = {
  QE: qeIdentitySlot('sgx'),
  TD_QE: qeIdentitySlot('tdx'),
}

function aboutJson(body: Uint8Array): CollateralAbout {
  const value = parsed(textOf(body) ?? '')
  const { id, fmspc } = value
  const family = typeof fmspc === 'string' && /^[0-9A-Fa-f]{12}$/.test(fmspc) ? fmspc : undefined
  const slot =
    (id === 'SGX' || id === 'TDX') && family !== undefined
      ? tcbInfoSlot(id === 'SGX' ? 'sgx' : 'tdx', family.toLowerCase())
      : typeof id === 'string' && Object.hasOwn(ENVIRONMENTS, id)
        ? ENVIRONMENTS[id]
        : undefined
  if (slot === undefined) refuse('COLLATERAL_MALFORMED', 'JSON about something that is not known')
  return {
    slot,
    issuedMs: timeText(value['issueDate']),
    serial: BigInt(unsigned(value['tcbEvaluationDataNumber'])),
    nextUpdateMs: timeText(value['nextUpdate']),
  }
}

function parsed(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json)
    if (isRecord(value)) return value
  } catch {
    // Said below, like JSON of another form.
  }
  return refuse('COLLATERAL_MALFORMED', 'no JSON object')
}
