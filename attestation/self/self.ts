/**
 * Self attestation: a device signs what it says it runs.
 *
 * It proves that the holder of a PeerId's key says so, and, with a release manifest, that
 * such a release exists. A liar passes, so that this tier must never give a vote
 * by itself; it is what stronger evidence builds on.
 *
 * @module
 */

import { createHash, type KeyObject } from 'node:crypto'
import {
  bytes,
  decodeShape,
  encodeShape,
  optional,
  record,
  type ShapeOf,
  text,
} from '../../core/cbor-shape.ts'
import { type Signer, SIGNATURE_BYTES, type Verify } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { isSignedBy, signable, signRecord } from '../../core/signed-record.ts'
import { checkSign1, readSign1 } from '../cose/sign1.ts'
import { AttestationError, demand, refuse } from '../errors.ts'
import { releaseManifest } from './manifest.ts'
import { checkBinding, type CommonClaims, type VerifyContext } from '../verified.ts'

export interface SelfEvidence {
  readonly kind: 'self'
  /** A signed {@link selfStatement}. */
  readonly statement: Uint8Array
}

export interface SelfContext extends VerifyContext {
  readonly attester: PeerId
  readonly verify: Verify
  /** Ed25519 keys that sign releases; without one, manifests are not looked at. */
  readonly releaseKeys: readonly KeyObject[]
}

export interface SelfClaims extends CommonClaims {
  readonly kind: 'self'
  /** What the device says that it runs. */
  readonly version: string
  /** Undefined without a manifest. */
  readonly release: { readonly version: string; readonly manifestSha256: string } | undefined
}

const KIND = 'attest-self'
const BINDING_BYTES_MAX = 64
const MANIFEST_BYTES_MAX = 64 * 1024
const body = record({
  binding: bytes(0, BINDING_BYTES_MAX),
  version: text(64),
  manifest: optional(bytes(1, MANIFEST_BYTES_MAX)),
})
const statement = record({
  body: bytes(1, MANIFEST_BYTES_MAX + 256),
  signature: bytes(SIGNATURE_BYTES),
})

/** What a device says of itself. */
export type SelfStatement = ShapeOf<typeof body>

/** The statement of `signer`, signed. */
export function selfStatement(signer: Signer, said: SelfStatement): Uint8Array {
  return encodeShape(statement, signRecord(signer, KIND, encodeShape(body, said)))
}

/** @throws {AttestationError} when anything does not hold. */
export function verifySelf(evidence: SelfEvidence, context: SelfContext): SelfClaims {
  const signed = decoded(statement, evidence.statement)
  const { attester, verify } = context
  demand(
    isSignedBy(verify, attester, KIND, signed),
    'SELF_SIGNATURE',
    'statement of another device',
  )
  const said = decoded(body, signed.body)
  const bound = checkBinding(context.binding, said.binding)
  return {
    kind: 'self',
    bound,
    anchor: 'device key',
    evidenceId: sha256(signable(KIND, signed.body)),
    hardwareId: undefined,
    validUntilMs: Number.MAX_SAFE_INTEGER,
    version: said.version,
    release: said.manifest && releaseOf(said.manifest, said.version, context.releaseKeys),
  }
}

function releaseOf(
  encoded: Uint8Array,
  said: string,
  keys: readonly KeyObject[],
): SelfClaims['release'] {
  // Who knows no release key can say nothing of a manifest, for or against it.
  if (keys.length === 0) return undefined
  const message = readSign1(encoded)
  const holds = keys.some((key) => signedBy(message, key))
  demand(holds, 'SELF_RELEASE', 'manifest is not signed by a release key')
  const { version } = decoded(releaseManifest, message.payload)
  demand(version === said, 'SELF_RELEASE', 'manifest of another version than it says')
  return { version, manifestSha256: sha256(message.payload) }
}

function signedBy(message: ReturnType<typeof readSign1>, key: KeyObject): boolean {
  try {
    checkSign1(message, 'EdDSA', key)
    return true
  } catch (error) {
    // Another of the keys may have signed it.
    if (error instanceof AttestationError) return false
    throw error
  }
}

function decoded<T>(shape: Parameters<typeof decodeShape<T>>[0], encoded: Uint8Array): T {
  const result = decodeShape(shape, encoded)
  return result.type === 'value' ? result.value : refuse('SELF_MALFORMED', result.reason)
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
