/**
 * What every verifier is given, and what all verified evidence has in common.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto'
import type { AnchorSet } from './anchors/anchor-set.ts'
import { demand } from './errors.ts'

/** Kinds of evidence that are verified here. */
export type EvidenceKind =
  | 'android'
  | 'apple'
  | 'nitro'
  | 'self'
  | 'sev-snp'
  | 'sgx'
  | 'tdx'
  | 'tpm'

/**
 * What the evidence must be bound to, inside its hardware-signed field.
 *
 * `unchecked` is for looking at evidence that was made for someone else: what comes
 * out says `bound: false`, and no policy gives credit for that.
 */
export type Binding =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'unchecked' }

export interface VerifyContext {
  /** Wall time, in milliseconds since 1970. */
  readonly nowMs: number
  readonly anchors: AnchorSet
  readonly binding: Binding
}

/** Claims that every kind has. */
export interface CommonClaims {
  /** True when the evidence holds the binding that was asked for. */
  readonly bound: boolean
  /** Name of the pinned root that it leads to. */
  readonly anchor: string
  /** SHA-256 of the signed part, in hex: what names this evidence. Its file may be padded or re-encoded, this not. */
  readonly evidenceId: string
  /** What stays the same for the life of the hardware, in hex; undefined where the kind has no such thing. */
  readonly hardwareId: string | undefined
  /** When the first certificate that it rests on ends, in milliseconds since 1970. */
  readonly validUntilMs: number
}

/** True when one of `fields` is what `binding` asks for; false when nothing is asked. @throws {AttestationError} `ATTESTATION_BINDING`. */
export function checkBinding(
  binding: Binding,
  ...fields: readonly (Uint8Array | undefined)[]
): boolean {
  if (binding.type === 'unchecked') return false
  const { bytes } = binding
  const found = fields.some(
    (field) => field?.length === bytes.length && timingSafeEqual(field, bytes),
  )
  demand(found, 'ATTESTATION_BINDING', 'evidence is bound to something else')
  return true
}
