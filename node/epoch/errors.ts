/**
 * What goes wrong when this device asks others about epochs, or is asked for a score that there is not.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import { EPOCH_LIMITS, type EpochErrorCode } from '../../protocols/epoch/index.ts'
import type { ReconcileErrorCode } from '../../protocols/reconcile/index.ts'
import type { TrustErrorCode } from '../../trust/index.ts'

/** A device that did not answer as the protocol says. */
export class EpochQuestionError extends CodedError<{
  readonly code: EpochErrorCode | ReconcileErrorCode
}> {
  constructor(code: EpochErrorCode | ReconcileErrorCode) {
    super({ code }, 'expected an answer about an epoch, got none')
  }
}

export type TrustFailure =
  /** No epoch of the mesh was certified yet, or this device has not caught up. */
  | { readonly code: 'TRUST_NOT_CERTIFIED' }
  /** The device made no statement that is in an epoch. */
  | { readonly code: 'TRUST_SCORE_UNKNOWN'; readonly peer: PeerId }
  /** A proof holds, and nobody has said whom to trust. */
  | { readonly code: 'TRUST_PROOF_UNANCHORED'; readonly header: string }
  /** A proof that does not hold. */
  | { readonly code: EpochErrorCode | TrustErrorCode }
  /** The genesis names parameters that this program does not know. */
  | { readonly code: 'TRUST_PARAMETERS_UNKNOWN' }
  /** Parameters are for seats to change. */
  | { readonly code: 'TRUST_NOT_SEATED' }
  /** An anchor to be that has never spoken, one to be removed that is none, or too many or none left. */
  | {
      readonly code: 'TRUST_ANCHORS_INVALID'
      readonly peer?: PeerId
      readonly anchors?: number
    }
  /** This device has said that it leaves, and its seat is needed until another one has it. */
  | { readonly code: 'TRUST_SEAT_NEEDED'; readonly epochMs: number }
  /** Why a mesh is not begun again: by who is not its founder, too early, or from another header. */
  | { readonly code: 'TRUST_RESTART_FOREIGN' }
  | { readonly code: 'TRUST_RESTART_EARLY'; readonly epochs: number }
  | { readonly code: 'TRUST_RESTART_ELSEWHERE'; readonly header: string }

/** Something about trust that cannot be told. */
export class TrustError extends CodedError<TrustFailure> {
  constructor(failure: TrustFailure) {
    super(failure, describe(failure))
  }
}

function describe(failure: TrustFailure): string {
  switch (failure.code) {
    case 'TRUST_NOT_CERTIFIED':
      return 'no epoch of this mesh has been certified yet'
    case 'TRUST_SCORE_UNKNOWN':
      return `${failure.peer} has no certified score`
    case 'TRUST_PARAMETERS_UNKNOWN':
      return 'this mesh has epochs that this program does not understand'
    case 'TRUST_NOT_SEATED':
      return 'this device has no seat in its mesh'
    case 'TRUST_ANCHORS_INVALID':
      return failure.peer === undefined
        ? `expected 1 to ${EPOCH_LIMITS.ANCHORS_MAX} anchors, got ${failure.anchors}`
        : `expected a device that speaks in this mesh, or an anchor to remove, got ${failure.peer}`
    case 'TRUST_SEAT_NEEDED':
      return `the others cannot decide without the seat of this device yet: it is given up within three epochs of ${failure.epochMs} ms`
    case 'TRUST_RESTART_FOREIGN':
      return 'only the founder of a mesh may begin it again'
    case 'TRUST_RESTART_EARLY':
      return `${failure.epochs} epochs have no certificate yet, of ${EPOCH_LIMITS.RESTART_EPOCHS_MIN}`
    case 'TRUST_RESTART_ELSEWHERE':
      return `the last certified header is ${failure.header}`
    case 'TRUST_PROOF_UNANCHORED':
      return `the proof holds for whoever trusts header ${failure.header}`
    default:
      return 'the proof of a score does not hold'
  }
}

type StateCode = Exclude<TrustFailure['code'], EpochErrorCode | TrustErrorCode>

/** What the faces say about each code. */
export const TRUST_STATE_ERRORS: ErrorTable<StateCode> = {
  TRUST_NOT_CERTIFIED: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'no epoch of the mesh has been certified yet, or none that this device has followed',
    hint: 'wait for the end of the first epoch, and look at `brume trust show`',
  },
  TRUST_SCORE_UNKNOWN: {
    retryable: true,
    exit: 4,
    status: 404,
    meaning: 'the device has no certified score: it has not spoken in the last day of epochs',
    hint: 'scores are listed by `brume trust show`; a device that has just joined has one soon',
  },
  TRUST_PROOF_UNANCHORED: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'the proof of a score holds, but nobody has said whether to trust who certified it',
    hint: 'give the header that `brume trust show` names on a device of yours: --header HASH',
  },
  TRUST_NOT_SEATED: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning:
      'the parameters of a mesh were to be changed by a device that has no seat in it, and is no anchor',
    hint: 'ask for it on the devices that have seats, as brume trust show names them',
  },
  TRUST_ANCHORS_INVALID: {
    retryable: false,
    exit: 2,
    status: 422,
    meaning:
      'trust was to start at a device that no epoch has heard, or no longer at one where it does not, or at none, or at too many',
    hint: 'brume trust parameters names the anchors, brume trust show the devices',
  },
  TRUST_SEAT_NEEDED: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'a device was to leave whose seat the others need: it has said so, and is replaced',
    hint: 'leave it running for three epochs and run brume leave again; or brume leave --now, and others wait',
  },
  TRUST_RESTART_FOREIGN: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a mesh was to be begun again from a device that did not found it',
    hint: 'run brume trust restart on the device that founded the mesh; where that is lost, found another',
  },
  TRUST_RESTART_EARLY: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'a mesh was to be begun again that has not stood still for twelve epochs',
    hint: 'start the devices that have seats, as brume trust show names them, or wait',
  },
  TRUST_RESTART_ELSEWHERE: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a mesh was to be begun again from a header that is not its last certified one',
    hint: 'look at brume trust show, on the other devices too: the latest header of all is the one',
  },
  TRUST_PARAMETERS_UNKNOWN: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'the mesh was founded with epochs that this program does not understand',
    hint: 'update brume on this device',
  },
}
