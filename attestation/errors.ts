/**
 * Why evidence is not believed.
 *
 * A verifier returns claims only when every check has passed, and throws an
 * {@link AttestationError} otherwise: there is no half result that a caller could
 * take for a whole one.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../core/errors.ts'
import type { AndroidErrorCode } from './android/errors.ts'
import type { AppleErrorCode } from './apple/errors.ts'
import type { CollateralErrorCode } from './collateral/errors.ts'
import type { ConveyedErrorCode } from './conveyed/errors.ts'
import type { CoseErrorCode } from './cose/errors.ts'
import type { DcapErrorCode } from './dcap/errors.ts'
import type { EncodingErrorCode } from './encoding/errors.ts'
import type { EventLogErrorCode } from './event-log/errors.ts'
import type { NitroErrorCode } from './nitro/errors.ts'
import type { PolicyErrorCode } from './policy/errors.ts'
import type { SelfErrorCode } from './self/errors.ts'
import type { SnpErrorCode } from './sev-snp/errors.ts'
import type { TpmErrorCode } from './tpm/errors.ts'
import type { X509ErrorCode } from './x509/errors.ts'

/** Codes that belong to no single kind of evidence. */
type OwnErrorCode = 'ATTESTATION_BINDING' | 'ATTESTATION_LIMIT'

export type AttestationErrorCode =
  | OwnErrorCode
  | AndroidErrorCode
  | AppleErrorCode
  | CollateralErrorCode
  | ConveyedErrorCode
  | CoseErrorCode
  | DcapErrorCode
  | EncodingErrorCode
  | EventLogErrorCode
  | NitroErrorCode
  | PolicyErrorCode
  | SelfErrorCode
  | SnpErrorCode
  | TpmErrorCode
  | X509ErrorCode

export interface AttestationFailure {
  readonly code: AttestationErrorCode
  /** What was expected and what was found, in lower case; no text that a peer chose. */
  readonly reason: string
}

/** Evidence, or something that it rests on, that is not believed. */
export class AttestationError extends CodedError<AttestationFailure> {
  constructor(failure: AttestationFailure, options?: ErrorOptions) {
    super(failure, failure.reason, options)
  }
}

/** @throws {AttestationError} always. */
export function refuse(code: AttestationErrorCode, reason: string): never {
  throw new AttestationError({ code, reason })
}

/** @throws {AttestationError} when `condition` is false. */
export function demand(
  condition: boolean,
  code: AttestationErrorCode,
  reason: string,
): asserts condition {
  if (!condition) refuse(code, reason)
}

export const ATTESTATION_ERRORS: ErrorTable<OwnErrorCode> = {
  ATTESTATION_BINDING: {
    meaning: 'the evidence was not made for this question: it is bound to another nonce or peer',
    hint: 'ask the device for new evidence; a replayed or borrowed one is never accepted',
    retryable: true,
    exit: 7,
    status: 422,
  },
  ATTESTATION_LIMIT: {
    meaning: 'the evidence is larger or has more parts than is accepted',
    hint: 'the message names the part; no genuine evidence comes near these limits',
    retryable: false,
    exit: 7,
    status: 422,
  },
}
