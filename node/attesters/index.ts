/**
 * The door of attesters: evidence of this machine.
 *
 * @module
 */

export { AttesterError } from './errors.ts'
export { NSM_PATH, nitroDocument, type NsmDevice, nsmDevice } from './nsm.ts'
export { checkTpm } from './self-check.ts'
export { TpmAttester } from './tpm-attester.ts'
export type { TpmAttesterInit } from './tpm-attester.ts'
export { TpmClient } from './tpm-client.ts'
export { TSM_PATH, type TsmFolder, tsmFolder, tsmReport } from './tsm.ts'
export { openTpm } from './tpm-transport.ts'
