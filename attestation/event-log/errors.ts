/**
 * Why an event log of a boot is not believed.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type EventLogErrorCode =
  | 'EVENT_LOG_DIGEST'
  | 'EVENT_LOG_MALFORMED'
  | 'EVENT_LOG_REPLAY'
  | 'EVENT_LOG_SECURE_BOOT'

const refusedLog = { retryable: false, exit: 7, status: 422 } as const

export const EVENT_LOG_ERRORS: ErrorTable<EventLogErrorCode> = {
  EVENT_LOG_DIGEST: {
    meaning: 'the data of an event is not what was measured',
    hint: 'the log was changed after the boot; do not trust the device that sent it',
    ...refusedLog,
  },
  EVENT_LOG_MALFORMED: {
    meaning: 'the event log is malformed, or of the old kind that has SHA-1 only',
    hint: 'send binary_bios_measurements of a firmware that logs SHA-256',
    ...refusedLog,
  },
  EVENT_LOG_REPLAY: {
    meaning: 'the events do not lead to the register values that were signed',
    hint: 'send the log of this boot; one of another boot leads to other values',
    ...refusedLog,
  },
  EVENT_LOG_SECURE_BOOT: {
    meaning: 'the events about Secure Boot are not those of a regular boot',
    hint: 'the message names the event; an unknown event in register 7 is never passed over',
    ...refusedLog,
  },
}
