/**
 * What goes wrong between a device and a witness of its ledger.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type WitnessFault =
  | 'WITNESS_UNEXPECTED'
  | 'WITNESS_TIMED_OUT'
  | 'WITNESS_LINK_ENDED'
  | 'WITNESS_TOO_MANY'

const peersFault = { retryable: true, exit: 1, status: 502 } as const

export const WITNESS_ERRORS: ErrorTable<WitnessFault> = {
  WITNESS_UNEXPECTED: {
    meaning:
      'a device sent something that is no message of /brume/witness/1, or does not belong there',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  WITNESS_TIMED_OUT: {
    meaning: 'a witness did not answer in time',
    hint: 'nothing is lost: the next head is shown again',
    ...peersFault,
  },
  WITNESS_LINK_ENDED: {
    meaning: 'the connection ended before a witness had answered',
    hint: 'nothing is lost: the next head is shown again',
    ...peersFault,
  },
  WITNESS_TOO_MANY: {
    meaning: 'a device showed more heads over one link than it may',
    hint: 'update brume on that device',
    ...peersFault,
  },
}
