/**
 * What goes wrong between two devices while one attests itself to the other.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type AttestFault =
  /** The frame is no message of the protocol. */
  | 'ATTEST_FRAME_INVALID'
  /** The message does not belong here. */
  | 'ATTEST_OUT_OF_ORDER'
  /** The exchange did not end within its time. */
  | 'ATTEST_TIMED_OUT'
  /** The link was over before the exchange was. */
  | 'ATTEST_LINK_ENDED'

const peersFault = { retryable: true, exit: 1, status: 502 } as const

export const ATTEST_ERRORS: ErrorTable<AttestFault> = {
  ATTEST_FRAME_INVALID: {
    meaning: 'a device sent something that is no message of /brume/attest/1',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  ATTEST_OUT_OF_ORDER: {
    meaning: 'a device sent a message of /brume/attest/1 where it does not belong',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  ATTEST_TIMED_OUT: {
    meaning: 'a device did not attest itself in time',
    hint: 'ask again; a TPM that is busy takes some seconds',
    ...peersFault,
  },
  ATTEST_LINK_ENDED: {
    meaning: 'the connection ended before the device had attested itself',
    hint: 'see with `brume peers` whether it is connected, and ask again',
    ...peersFault,
  },
}
