/**
 * What goes wrong while items are passed on.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type ConveyanceFault =
  /** The frame is no message of the protocol. */
  | 'CONVEYANCE_FRAME_INVALID'
  /** The message does not belong here. */
  | 'CONVEYANCE_OUT_OF_ORDER'
  /** The item is not the one that was named. */
  | 'CONVEYANCE_ITEM_FOREIGN'
  /** The exchange did not end within its time. */
  | 'CONVEYANCE_TIMED_OUT'
  /** The link was over before the exchange was. */
  | 'CONVEYANCE_LINK_ENDED'

const peersFault = { retryable: true, exit: 1, status: 502 } as const

export const CONVEYANCE_ERRORS: ErrorTable<ConveyanceFault> = {
  CONVEYANCE_FRAME_INVALID: {
    meaning: 'a device sent something that is no message of /brume/conveyance/1',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  CONVEYANCE_OUT_OF_ORDER: {
    meaning: 'a device sent a message of /brume/conveyance/1 where it does not belong',
    hint: 'update both devices to the same version',
    ...peersFault,
  },
  CONVEYANCE_ITEM_FOREIGN: {
    meaning: 'a device sent another item than the one that was asked for by its hash',
    hint: 'the item is fetched from another device',
    ...peersFault,
  },
  CONVEYANCE_TIMED_OUT: {
    meaning: 'a device did not pass its items on in time',
    hint: 'they are asked for again later',
    ...peersFault,
  },
  CONVEYANCE_LINK_ENDED: {
    meaning: 'the connection ended before all items had come',
    hint: 'they are asked for again later',
    ...peersFault,
  },
}
