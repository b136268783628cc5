/**
 * Why a capability record is refused. Faults of peers: values, never exceptions.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type PresenceFault =
  | 'PRESENCE_RECORD_TOO_LONG'
  | 'PRESENCE_RECORD_MALFORMED'
  | 'PRESENCE_VERSION_UNSUPPORTED'
  | 'PRESENCE_SIGNATURE_INVALID'
  /** It stands under the key, or comes in the name, of another device. */
  | 'PRESENCE_RECORD_FOREIGN'
  /** Its device is no member of this mesh. */
  | 'PRESENCE_NOT_A_MEMBER'
  | 'PRESENCE_RECORD_EXPIRED'
  /** Its dates lie in the future, or too far apart. */
  | 'PRESENCE_DATES_INVALID'
  /** A newer record of the same device is known: a replay. */
  | 'PRESENCE_RECORD_STALE'
  /** Another record of the same device with the same sequence number is known. */
  | 'PRESENCE_RECORD_CONFLICT'
  /** What came over a link is no message, or does not belong there. */
  | 'PRESENCE_UNEXPECTED'
  | 'PRESENCE_TIMED_OUT'
  | 'PRESENCE_LINK_ENDED'
  | 'PRESENCE_TOO_MANY'

const forged = { retryable: false, exit: 4, status: 403 } as const
const passing = { retryable: true, exit: 1, status: 502 } as const
const unreadable = { retryable: false, exit: 1, status: 502 } as const

/** What the faces say about each code: seen in logs and metrics only. */
export const PRESENCE_ERRORS: ErrorTable<PresenceFault> = {
  PRESENCE_RECORD_TOO_LONG: {
    ...unreadable,
    meaning: 'A capability record is longer than a record may be',
    hint: 'update brume on the device that sent it',
  },
  PRESENCE_RECORD_MALFORMED: {
    ...unreadable,
    meaning: 'A capability record could not be read',
    hint: 'update brume on the device that sent it',
  },
  PRESENCE_VERSION_UNSUPPORTED: {
    ...unreadable,
    meaning: 'A capability record is of a version that this device does not know',
    hint: 'update brume on this device',
  },
  PRESENCE_SIGNATURE_INVALID: {
    ...forged,
    meaning: 'A capability record is not signed by the device that it names',
    hint: 'do not trust the device that sent it',
  },
  PRESENCE_RECORD_FOREIGN: {
    ...forged,
    meaning: 'A capability record stands under the name of another device',
    hint: 'do not trust the device that sent it',
  },
  PRESENCE_NOT_A_MEMBER: {
    ...forged,
    meaning: 'A capability record is of a device that is no member of the mesh',
    hint: 'invite the device if it should be one',
  },
  PRESENCE_RECORD_EXPIRED: {
    ...unreadable,
    meaning: 'A capability record has expired',
    hint: 'nothing to do: its device sends a new one while it is there',
    retryable: true,
  },
  PRESENCE_DATES_INVALID: {
    ...unreadable,
    meaning: 'the dates of a capability record lie in the future or too far apart',
    hint: 'set the clock of the device that made it',
  },
  PRESENCE_RECORD_STALE: {
    ...forged,
    meaning: 'A capability record is older than one that is known',
    hint: 'nothing to do: the newer one is kept',
  },
  PRESENCE_RECORD_CONFLICT: {
    ...forged,
    meaning: 'A device has signed two capability records with one sequence number',
    hint: 'make sure that no two daemons run with the same identity',
  },
  PRESENCE_UNEXPECTED: {
    ...passing,
    meaning:
      'A device sent something that is no message of /brume/presence/1, or does not belong there',
    hint: 'update both devices to the same version',
  },
  PRESENCE_TIMED_OUT: {
    ...passing,
    meaning: 'A device did not say in time which devices it knows',
    hint: 'nothing: they are heard of by gossip',
  },
  PRESENCE_LINK_ENDED: {
    ...passing,
    meaning: 'The connection ended before a device said which devices it knows',
    hint: 'nothing: they are heard of by gossip',
  },
  PRESENCE_TOO_MANY: {
    ...passing,
    meaning: 'A device asked more over one link of /brume/presence/1 than it may',
    hint: 'update brume on that device',
  },
}
