/**
 * What goes wrong when this device asks others which devices they know.
 *
 * @module
 */

import { CodedError } from '../../core/errors.ts'
import type { PresenceFault } from '../../protocols/presence/index.ts'

/** A device that did not answer as /brume/presence/1 says. */
export class PresenceError extends CodedError<{ readonly code: PresenceFault }> {
  constructor(code: PresenceFault) {
    super({ code }, 'expected the records that a device knows, got none')
  }
}
