/**
 * What can go wrong when this machine is asked for evidence.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type AttesterFailure =
  /** There is no TPM where one was looked for, or it may not be used. */
  | { readonly code: 'ATTESTER_TPM_UNAVAILABLE'; readonly path: string }
  /** The TPM refused a command. */
  | {
      readonly code: 'ATTESTER_TPM_FAILED'
      readonly command: string
      readonly responseCode: number
    }
  /** What the TPM answered is not an answer. */
  | { readonly code: 'ATTESTER_TPM_GARBLED'; readonly reason: string }
  /** Others kept asking for reports in between. */
  | { readonly code: 'ATTESTER_REPORT_RACE' }
  /** The security module of the enclave gave no document. */
  | { readonly code: 'ATTESTER_NSM_FAILED'; readonly reason: string }
  /** The TPM holds no certificate of its endorsement key. */
  | { readonly code: 'ATTESTER_NO_EK_CERTIFICATE' }

/** This machine gave no evidence. */
export class AttesterError extends CodedError<AttesterFailure> {
  constructor(failure: AttesterFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

export const ATTESTER_ERRORS: ErrorTable<AttesterFailure['code']> = {
  ATTESTER_TPM_UNAVAILABLE: {
    meaning: 'there is no TPM that may be used',
    hint: 'switch the TPM on in the firmware, and put the user of the daemon into the group tss',
    retryable: true,
    exit: 7,
    status: 409,
  },
  ATTESTER_TPM_FAILED: {
    meaning: 'the TPM refused a command',
    hint: 'the message has the response code of the TPM; a restart of the machine clears a lockout',
    retryable: true,
    exit: 1,
    status: 500,
  },
  ATTESTER_TPM_GARBLED: {
    meaning: 'the TPM, or what stands in front of it, answered something that is no answer',
    hint: 'check that no other program speaks to it directly: /dev/tpmrm0 is made for several',
    retryable: true,
    exit: 1,
    status: 500,
  },
  ATTESTER_REPORT_RACE: {
    meaning: 'another program asked for reports of this guest at the same time, again and again',
    hint: 'ask again',
    retryable: true,
    exit: 1,
    status: 503,
  },
  ATTESTER_NSM_FAILED: {
    meaning: 'the security module of this enclave gave no document',
    hint: 'put perl into the image of the enclave, and let the daemon open /dev/nsm',
    retryable: true,
    exit: 1,
    status: 500,
  },
  ATTESTER_NO_EK_CERTIFICATE: {
    meaning: 'the TPM holds no certificate of its endorsement key',
    hint: 'nothing shows who made this TPM; some makers give the certificate out on request',
    retryable: false,
    exit: 7,
    status: 409,
  },
}

function describe(failure: AttesterFailure): string {
  switch (failure.code) {
    case 'ATTESTER_TPM_UNAVAILABLE':
      return `no TPM at ${failure.path}`
    case 'ATTESTER_TPM_FAILED':
      return `the TPM refused ${failure.command} with 0x${failure.responseCode.toString(16)}`
    case 'ATTESTER_TPM_GARBLED':
      return `expected an answer of the TPM, got ${failure.reason}`
    case 'ATTESTER_REPORT_RACE':
      return 'reports of this guest were mixed up with those of another program'
    case 'ATTESTER_NSM_FAILED':
      return `expected a document of the security module, got ${failure.reason}`
    case 'ATTESTER_NO_EK_CERTIFICATE':
      return 'no certificate in the NV memory of the TPM'
  }
}
