/**
 * The door of /brume/attest/1.
 *
 * @module
 */

export { AttesterMachine } from './attester-machine.ts'
export type { AttesterInput, AttesterOutput, Question } from './attester-machine.ts'
export type { AttestFault } from './errors.ts'
export { ATTEST_FRAME_BYTES_MAX, ATTEST_PROTOCOL, HANDOVERS_MAX, NONCE_BYTES } from './limits.ts'
export { encodeAttestMessage } from './messages.ts'
export type { AttestResult, ShownEvidence, TpmCredential, TpmKeys } from './messages.ts'
export { VerifierMachine } from './verifier-machine.ts'
export type { VerifierInput, VerifierOutput } from './verifier-machine.ts'
