/**
 * Apple App Attest: the Secure Enclave of a device vouches for a key of one app.
 *
 * The attestation is made once a key; afterwards the key signs assertions, whose
 * counter only rises. The challenge is hashed once: `clientDataHash = SHA-256(binding)`.
 *
 * @module
 */

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bytesEqual, concatBytes, textOf, toHex, utf8 } from '../../core/bytes.ts'
import { asArray, asBytes, asMap, type CborMap, readCbor } from '../encoding/cbor.ts'
import { contextTag, derContent, OCTET_STRING, SEQUENCE } from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'
import { type Binding, checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'
import { type Certificate, readCertificate } from '../x509/certificate.ts'
import { checkPath } from '../x509/path.ts'
import { type AttestedData, readAttestedData, readAuthenticatorData } from './authenticator-data.ts'

export interface AppleEvidence {
  readonly kind: 'apple'
  readonly attestation: Uint8Array
  /** As App Attest named the key: SHA-256 of its point. */
  readonly keyId: Uint8Array
}

export interface AppleContext extends VerifyContext {
  /** Apps that are meant, as `TEAM.bundle`. */
  readonly appIds: readonly string[]
}

export interface AppleClaims extends CommonClaims {
  readonly kind: 'apple'
  readonly appId: string
  readonly environment: 'production' | 'development'
  /** SubjectPublicKeyInfo of the key, in hex: what assertions are checked with. */
  readonly publicKey: string
  /** How the app came onto the device (iOS 27): 4 is the App Store; undefined before. */
  readonly category: number | undefined
}

const ATTESTATION_BYTES_MAX = 32 * 1024
const NONCE_EXTENSION = '1.2.840.113635.100.8.2'
const AAGUIDS = [
  ['production', concatBytes([utf8('appattest'), new Uint8Array(7)])],
  ['development', utf8('appattestdevelop')],
] as const
const CATEGORY = 'apple_validation_category_01'

/** @throws {AttestationError} when anything does not hold. */
export function verifyApple(evidence: AppleEvidence, context: AppleContext): AppleClaims {
  const { attestation, keyId } = evidence
  const fits = attestation.length <= ATTESTATION_BYTES_MAX
  demand(fits, 'ATTESTATION_LIMIT', 'attestation too large')
  const fields = asMap(readCbor(attestation), 'attestation')
  const known = fields.get('fmt') === 'apple-appattest'
  demand(known, 'APPLE_MALFORMED', 'attestation of another format')
  const chain = chainOf(asMap(fields.get('attStmt'), 'statement'))
  const [leaf] = chain
  const { nowMs, anchors } = context
  const anchor = checkPath(chain, { nowMs, anchors: anchors.roots.apple })
  if (leaf === undefined) refuse('X509_PATH_LENGTH', 'no certificates')
  const authData = asBytes(fields.get('authData'), 'authenticator data')
  const bound = checkNonce(leaf, authData, context.binding)
  const data = readAttestedData(authData)
  checkKey(leaf, data, keyId)
  demand(data.counter === 0, 'APPLE_COUNTER', `expected counter 0, got ${data.counter}`)
  return {
    kind: 'apple',
    bound,
    anchor: anchor.name,
    evidenceId: createHash('sha256').update(authData).digest('hex'),
    hardwareId: undefined,
    validUntilMs: Math.min(...chain.map(({ notAfterMs }) => notAfterMs)),
    appId: appOf(data.appIdHash, context.appIds),
    environment: environmentOf(data.aaguid),
    publicKey: toHex(leaf.publicKey.export({ type: 'spki', format: 'der' })),
    category: categoryOf(data),
  }
}

export interface AppleAssertion {
  readonly assertion: Uint8Array
  /** What was signed: it must hold the binding, which the caller checks. */
  readonly clientData: Uint8Array
  /** {@link AppleClaims.publicKey}. */
  readonly publicKey: KeyObject
  readonly appId: string
  /** The highest counter that was seen of this key. */
  readonly counterSeen: number
}

/**
 * The counter of an assertion that holds; keep it as the highest seen.
 *
 * @throws {AttestationError} `APPLE_SIGNATURE`, `APPLE_APP`, `APPLE_COUNTER`, `CBOR_MALFORMED`.
 */
export function verifyAppleAssertion(given: AppleAssertion): number {
  const fits = given.assertion.length <= ATTESTATION_BYTES_MAX
  demand(fits, 'ATTESTATION_LIMIT', 'assertion too large')
  const fields = asMap(readCbor(given.assertion), 'assertion')
  const data = asBytes(fields.get('authenticatorData'), 'authenticator data')
  const signature = asBytes(fields.get('signature'), 'signature')
  // The key signs the digest as a message, so that it is hashed once more.
  const nonce = sha256(concatBytes([data, sha256(given.clientData)]))
  const holds = verify('sha256', nonce, given.publicKey, signature)
  demand(holds, 'APPLE_SIGNATURE', 'signature of the assertion does not hold')
  const { appIdHash, counter } = readAuthenticatorData(data)
  appOf(appIdHash, [given.appId])
  const moved = counter > given.counterSeen
  demand(moved, 'APPLE_COUNTER', `expected a counter above ${given.counterSeen}, got ${counter}`)
  return counter
}

/** A key from {@link AppleClaims.publicKey}. */
export function appleKey(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
}

/** The leaf and its issuer, in these places. */
function chainOf(statement: CborMap): readonly Certificate[] {
  const items = asArray(statement.get('x5c'), 'chain')
  demand(items.length === 2, 'X509_PATH_LENGTH', `expected 2 certificates, got ${items.length}`)
  return items.map((item) => readCertificate(asBytes(item, 'certificate')))
}

/** The extension holds SHA-256 of authenticator data and client data's hash, whatever the latter is. */
function checkNonce(leaf: Certificate, authData: Uint8Array, binding: Binding): boolean {
  const extension = leaf.extensions.get(NONCE_EXTENSION)
  if (extension === undefined) refuse('APPLE_MALFORMED', 'certificate without a nonce')
  const nonce = derContent(extension.value, SEQUENCE).enter(contextTag(1)).read(OCTET_STRING)
  if (binding.type === 'unchecked') return false
  const expected = sha256(concatBytes([authData, sha256(binding.bytes)]))
  return checkBinding({ type: 'bytes', bytes: expected }, nonce.content)
}

function checkKey(leaf: Certificate, data: AttestedData, keyId: Uint8Array): void {
  const spki = leaf.publicKey.export({ type: 'spki', format: 'der' })
  const point = new Uint8Array(spki).subarray(-data.point.length)
  const isEc = leaf.publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  demand(isEc && bytesEqual(point, data.point), 'APPLE_KEY_ID', 'certificate of another key')
  const hash = sha256(data.point)
  const same = bytesEqual(hash, keyId) && bytesEqual(hash, data.credentialId)
  demand(same, 'APPLE_KEY_ID', 'name of another key')
}

function appOf(appIdHash: Uint8Array, appIds: readonly string[]): string {
  const appId = appIds.find((candidate) => bytesEqual(sha256(utf8(candidate)), appIdHash))
  return appId ?? refuse('APPLE_APP', 'key of an app that is not listed')
}

function environmentOf(aaguid: Uint8Array): AppleClaims['environment'] {
  const [environment] = AAGUIDS.find(([, known]) => bytesEqual(known, aaguid)) ?? []
  return environment ?? refuse('APPLE_ENVIRONMENT', 'unknown environment')
}

function categoryOf({ extensions }: AttestedData): number | undefined {
  const value = extensions?.get(CATEGORY)
  if (value === undefined) return undefined
  const text = value instanceof Uint8Array ? textOf(value) : value
  const category = Number(text)
  return Number.isSafeInteger(category)
    ? category
    : refuse('APPLE_MALFORMED', 'category is no number')
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}
