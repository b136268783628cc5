/**
 * Why what a device says of itself is not taken down.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type SelfErrorCode = 'SELF_HANDOVER' | 'SELF_MALFORMED' | 'SELF_RELEASE' | 'SELF_SIGNATURE'

const refusedStatement = { retryable: false, exit: 7, status: 422 } as const

export const SELF_ERRORS: ErrorTable<SelfErrorCode> = {
  SELF_HANDOVER: {
    meaning: 'the handover of a hardware is malformed, or not signed by the device that gives',
    hint: 'make it again on the old device with `brume attest handover PEER`',
    ...refusedStatement,
  },
  SELF_MALFORMED: {
    meaning: 'the statement of a device about itself is malformed',
    hint: 'check that it was copied whole; other versions may write it otherwise',
    ...refusedStatement,
  },
  SELF_RELEASE: {
    meaning: 'the release manifest is not signed by a key of ours',
    hint: 'use a released build, or leave the manifest out',
    ...refusedStatement,
  },
  SELF_SIGNATURE: {
    meaning: 'the statement is not signed by the device that it is about',
    hint: 'ask the device for a new one',
    ...refusedStatement,
  },
}
