/**
 * Why a device does not get the owner that a person asked for, in the words of the faces.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { type OwnerProblem, type Tie, TRUST_LIMITS } from '../../trust/index.ts'
import { TrustError } from './errors.ts'

/** What was asked for. */
export interface AskedOwner {
  readonly device: PeerId
  readonly owner: PeerId
  /** What is known of the device. */
  readonly tie: Tie | undefined
}

export function ownerError(problem: OwnerProblem, { device, owner, tie }: AskedOwner): TrustError {
  switch (problem) {
    case 'unknown':
      return new TrustError({ code: 'TRUST_DEVICE_UNKNOWN', peer: device })
    case 'bound':
      return new TrustError({ code: 'TRUST_DEVICE_BOUND', peer: device })
    case 'not-bound':
      return new TrustError({ code: 'TRUST_DEVICE_NOT_BOUND' })
    case 'anchor':
    case 'owns':
      return new TrustError({ code: 'TRUST_OWNER_UNFIT', peer: device, reason: problem })
    case 'owner-bound':
    case 'full':
      return new TrustError({ code: 'TRUST_OWNER_UNFIT', peer: owner, reason: problem })
    default: {
      const since = tie?.since ?? 0
      const epoch = problem === 'early' ? since + TRUST_LIMITS.EPOCHS_PER_DAY : since
      return new TrustError({ code: 'TRUST_OWNER_CHANGING', peer: device, epoch })
    }
  }
}
