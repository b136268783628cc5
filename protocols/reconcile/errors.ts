/**
 * What goes wrong while two devices find out what one of them lacks. Faults of peers: values, never exceptions.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type ReconcileErrorCode =
  | 'RECONCILE_MESSAGE_TOO_LONG'
  | 'RECONCILE_MESSAGE_MALFORMED'
  /** Another version of the protocol. */
  | 'RECONCILE_VERSION_UNSUPPORTED'
  /** It goes on and on. */
  | 'RECONCILE_ROUNDS_EXCEEDED'
  | 'RECONCILE_ANSWER_LATE'
  | 'RECONCILE_LINK_ENDED'

const forged = { retryable: false, exit: 2, status: 422 } as const
const away = { retryable: true, exit: 1, status: 503 } as const

/** What the faces say about each code. */
export const RECONCILE_ERRORS: ErrorTable<ReconcileErrorCode> = {
  RECONCILE_MESSAGE_TOO_LONG: {
    ...forged,
    meaning: 'a message about what is held is longer than it may be, or names too much',
    hint: 'update brume on the device that sent it',
  },
  RECONCILE_MESSAGE_MALFORMED: {
    ...forged,
    meaning: 'a message about what is held cannot be read',
    hint: 'update brume on the device that sent it',
  },
  RECONCILE_VERSION_UNSUPPORTED: {
    ...forged,
    meaning: 'a message about what is held is of a version that this program does not know',
    hint: 'update brume on this device',
  },
  RECONCILE_ROUNDS_EXCEEDED: {
    ...forged,
    retryable: true,
    meaning: 'a device and this one do not come to an end about what they hold',
    hint: 'nothing to do: another device is asked',
  },
  RECONCILE_ANSWER_LATE: {
    ...away,
    meaning: 'a device did not say in time what it holds',
    hint: 'nothing to do: another device is asked',
  },
  RECONCILE_LINK_ENDED: {
    ...away,
    meaning: 'a device ended the link on which it was asked what it holds',
    hint: 'nothing to do: another device is asked',
  },
}

/** A refusal. `reason` holds no text that a peer chose. */
export interface Refused {
  readonly type: 'refused'
  readonly code: ReconcileErrorCode
  readonly reason: string
}

export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export function accept<T>(value: T): Result<T> {
  return { type: 'value', value }
}

export function refuse(code: ReconcileErrorCode, reason: string): Refused {
  return { type: 'refused', code, reason }
}
