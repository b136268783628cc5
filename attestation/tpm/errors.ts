/**
 * Why evidence of a TPM is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type TpmErrorCode =
  | 'TPM_ACTIVATION'
  | 'TPM_BINDING_KEY'
  | 'TPM_AK_ATTRIBUTES'
  | 'TPM_AK_CERTIFICATE'
  | 'TPM_EK_CERTIFICATE'
  | 'TPM_EK_KEY'
  | 'TPM_MAGIC'
  | 'TPM_MALFORMED'
  | 'TPM_PCR_DIGEST'
  | 'TPM_PCR_SELECTION'
  | 'TPM_SIGNATURE'
  | 'TPM_SIGNATURE_SCHEME'

const refusedEvidence = { retryable: false, exit: 7, status: 422 } as const

export const TPM_ERRORS: ErrorTable<TpmErrorCode> = {
  TPM_BINDING_KEY: {
    meaning:
      'the key that should sign for this device is not of its TPM, its registers or this question',
    hint: 'ask the device again; after an update of its firmware it makes another key',
    retryable: true,
    exit: 7,
    status: 422,
  },
  TPM_ACTIVATION: {
    meaning: 'the credential was activated by another TPM or for another attestation key',
    hint: 'ask the device again; the key that signs must live in the TPM of the endorsement key',
    ...refusedEvidence,
  },
  TPM_AK_ATTRIBUTES: {
    meaning: 'the attestation key is not one that signs only what the TPM itself states',
    hint: 'the key must be restricted, fixed to its TPM and made in it; let the device make a new one',
    ...refusedEvidence,
  },
  TPM_AK_CERTIFICATE: {
    meaning: 'the certificate of the attestation key is about another key or use',
    hint: 'send the certificate of the key that signed the quote',
    ...refusedEvidence,
  },
  TPM_EK_CERTIFICATE: {
    meaning: 'the certificate is not one of a TPM endorsement key',
    hint: 'it must name the TPM and have the usage 2.23.133.8.1; read it from the NV index of the TPM',
    ...refusedEvidence,
  },
  TPM_EK_KEY: {
    meaning: 'the endorsement key and the certificate are about different keys',
    hint: 'send the certificate that belongs to the endorsement key',
    ...refusedEvidence,
  },
  TPM_MAGIC: {
    meaning: 'what was signed is not a quote that a TPM made',
    hint: 'this is how forged quotes look; do not trust the device that sent it',
    ...refusedEvidence,
  },
  TPM_MALFORMED: {
    meaning: 'a TPM structure is malformed or of a kind that is not accepted',
    hint: 'check that the evidence was copied whole; SHA-1 is not accepted',
    ...refusedEvidence,
  },
  TPM_PCR_DIGEST: {
    meaning: 'the register values are not those that the TPM signed',
    hint: 'ask the device for a new quote: registers may have changed between reading and quoting',
    ...refusedEvidence,
  },
  TPM_PCR_SELECTION: {
    meaning: 'the quote is about other registers or another bank than was asked for',
    hint: 'ask for exactly the registers that the policy needs',
    ...refusedEvidence,
  },
  TPM_SIGNATURE: {
    meaning: 'the attestation key did not sign this quote',
    hint: 'the quote was changed, or is by another key; ask the device for a new one',
    ...refusedEvidence,
  },
  TPM_SIGNATURE_SCHEME: {
    meaning: 'the quote is signed by another scheme or hash than its key is made for',
    hint: 'let the device make a new attestation key with SHA-256 or better',
    ...refusedEvidence,
  },
}
