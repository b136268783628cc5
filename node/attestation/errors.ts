/**
 * Why a device could not be asked for evidence. What evidence lacks is in attestation/.
 *
 * @module
 */

import { CodedError } from '../../core/errors.ts'
import type { AttestFault } from '../../protocols/attest/index.ts'

/** An exchange that did not come to its end; its codes are those of the protocol. */
export class AttestExchangeError extends CodedError<{ readonly code: AttestFault }> {
  constructor(code: AttestFault) {
    super({ code }, 'the device did not attest itself')
  }
}
