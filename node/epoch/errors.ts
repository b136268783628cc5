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

/** Why nobody can be the owner, or the device, that it was to be. */
export type OwnerUnfit = 'owner-bound' | 'owns' | 'anchor' | 'full'

export type TrustFailure =
  /** No epoch of the mesh was certified yet, or this device has not caught up. */
  | { readonly code: 'TRUST_NOT_CERTIFIED' }
  /** The device made no statement that is in an epoch. */
  | { readonly code: 'TRUST_SCORE_UNKNOWN'; readonly peer: PeerId }
  /** A proof holds, and nobody has said whom to trust. */
  | { readonly code: 'TRUST_PROOF_UNANCHORED'; readonly header: string }
  /** A proof that a witness did not cosign which was asked for. */
  | { readonly code: 'TRUST_WITNESS_LACKING'; readonly peer: string }
  /** A proof that does not hold. */
  | { readonly code: EpochErrorCode | TrustErrorCode; readonly reason?: string }
  /** The genesis names parameters that this program does not know. */
  | { readonly code: 'TRUST_PARAMETERS_UNKNOWN' }
  /** Parameters are for seats to change. */
  | { readonly code: 'TRUST_NOT_SEATED' }
  /** An anchor to be that does not speak for itself, one to be removed that is none, or too many or none left. */
  | {
      readonly code: 'TRUST_ANCHORS_INVALID'
      readonly peer?: PeerId
      readonly anchors?: number
    }
  /** This device has said that it leaves, and its seat is needed until another one has it. */
  | { readonly code: 'TRUST_SEAT_NEEDED'; readonly epochMs: number }
  /** Why a device does not get the owner that was asked for, or keeps the one that it has. */
  | { readonly code: 'TRUST_OWNER_SELF' }
  | { readonly code: 'TRUST_DEVICE_UNKNOWN'; readonly peer: PeerId }
  | { readonly code: 'TRUST_DEVICE_BOUND'; readonly peer: PeerId }
  | { readonly code: 'TRUST_DEVICE_NOT_BOUND' }
  | { readonly code: 'TRUST_OWNER_CHANGING'; readonly peer: PeerId; readonly epoch: number }
  | { readonly code: 'TRUST_OWNER_UNFIT'; readonly peer: PeerId; readonly reason: OwnerUnfit }
  | { readonly code: 'TRUST_DEVICE_FAULTED'; readonly peer: PeerId }
  /** Why a mesh is not begun again: by who is not its founder, too early, or from another header. */
  | { readonly code: 'TRUST_RESTART_FOREIGN' }
  | { readonly code: 'TRUST_RESTART_EARLY'; readonly epochs: number }
  | { readonly code: 'TRUST_RESTART_ELSEWHERE'; readonly header: string }

/** Something about trust that cannot be told, or done. */
export class TrustError extends CodedError<TrustFailure> {
  constructor(failure: TrustFailure) {
    super(failure, describe(failure))
  }
}

const PLAIN: Readonly<Partial<Record<TrustFailure['code'], string>>> = {
  TRUST_NOT_CERTIFIED: 'no epoch of this mesh has been certified yet',
  TRUST_PARAMETERS_UNKNOWN: 'this mesh has epochs that this program does not understand',
  TRUST_NOT_SEATED: 'this device has no seat in its mesh',
  TRUST_RESTART_FOREIGN: 'only the founder of a mesh may begin it again',
}

function describe(failure: TrustFailure): string {
  if (isOwnerFailure(failure)) return describeOwner(failure)
  const plain = PLAIN[failure.code]
  if (plain !== undefined) return plain
  switch (failure.code) {
    case 'TRUST_SCORE_UNKNOWN':
      return `${failure.peer} has no certified score`
    case 'TRUST_ANCHORS_INVALID':
      return failure.peer === undefined
        ? `expected 1 to ${EPOCH_LIMITS.ANCHORS_MAX} anchors, got ${failure.anchors}`
        : `expected a device that speaks for itself in this mesh, or an anchor to remove, got ${failure.peer}`
    case 'TRUST_SEAT_NEEDED':
      return `the others cannot decide without the seat of this device yet: it is given up within three epochs of ${failure.epochMs} ms`
    case 'TRUST_RESTART_EARLY':
      return `${failure.epochs} epochs have no certificate yet, of ${EPOCH_LIMITS.RESTART_EPOCHS_MIN}`
    case 'TRUST_RESTART_ELSEWHERE':
      return `the last certified header is ${failure.header}`
    default:
      return describeProof(failure)
  }
}

function describeProof(failure: TrustFailure): string {
  switch (failure.code) {
    case 'TRUST_WITNESS_LACKING':
      return `${failure.peer} did not cosign the header of the proof`
    case 'TRUST_PROOF_UNANCHORED':
      return `the proof holds for whoever trusts header ${failure.header}`
    default:
      return 'reason' in failure && failure.reason !== undefined
        ? failure.reason
        : 'the proof of a score does not hold'
  }
}

type OwnerFailure = Extract<
  TrustFailure,
  { readonly code: `TRUST_OWNER_${string}` | `TRUST_DEVICE_${string}` }
>

function isOwnerFailure(failure: TrustFailure): failure is OwnerFailure {
  return /^TRUST_(?:OWNER|DEVICE)_/u.test(failure.code)
}

const UNFIT: Readonly<Record<OwnerUnfit, string>> = {
  'owner-bound': 'belongs to the domain of another device itself',
  owns: 'has devices of its own',
  anchor: 'is where trust starts, and speaks for itself',
  full: 'has as many devices as a domain may have',
}

function describeOwner(failure: OwnerFailure): string {
  switch (failure.code) {
    case 'TRUST_OWNER_SELF':
      return 'a device belongs to its own domain already'
    case 'TRUST_DEVICE_UNKNOWN':
      return `${failure.peer} has not spoken in any epoch of this mesh`
    case 'TRUST_DEVICE_BOUND':
      return `${failure.peer} belongs to the domain of a device already`
    case 'TRUST_DEVICE_NOT_BOUND':
      return 'the device does not belong to that domain'
    case 'TRUST_OWNER_CHANGING':
      return `${failure.peer} may change its owner from epoch ${failure.epoch} on`
    case 'TRUST_OWNER_UNFIT':
      return `${failure.peer} ${UNFIT[failure.reason]}`
    case 'TRUST_DEVICE_FAULTED':
      return `a fault of ${failure.peer} is proven, and would be one of the whole domain`
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
  TRUST_WITNESS_LACKING: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'a proof was to be cosigned by a witness that has not signed its header',
    hint: 'get a proof of now, once brume trust show names that witness, and check that it is in trust.witnesses',
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
      'trust was to start at a device that no epoch has heard or that belongs to another, or no longer at one where it does not, or at none, or at too many',
    hint: 'brume trust parameters names the anchors, brume trust show the devices',
  },
  TRUST_SEAT_NEEDED: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'a device was to leave whose seat the others need: it has said so, and is replaced',
    hint: 'leave it running for three epochs and run brume leave again; or brume leave --now, and others wait',
  },
  TRUST_OWNER_SELF: {
    retryable: false,
    exit: 2,
    status: 422,
    meaning: 'a device was to belong to the domain of itself, which it does without',
    hint: 'name another device, as brume trust show --json lists them',
  },
  TRUST_DEVICE_UNKNOWN: {
    retryable: true,
    exit: 4,
    status: 404,
    meaning:
      'a device that has not spoken in any epoch of the mesh was to have an owner, or to be one',
    hint: 'wait until brume trust show lists it: a device that has just joined is there soon',
  },
  TRUST_DEVICE_BOUND: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a device was to belong to a domain that belongs to another one already',
    hint: 'run brume trust owner leave on it first; a day later it may have another owner',
  },
  TRUST_DEVICE_NOT_BOUND: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a device was to leave a domain that it does not belong to',
    hint: 'brume trust owner show says to whose domain it belongs',
  },
  TRUST_OWNER_CHANGING: {
    retryable: true,
    exit: 3,
    status: 409,
    meaning: 'a device was to change its owner while a change is under way, or within a day of one',
    hint: 'wait until the epoch that it names; a change holds twelve epochs after the one it is in',
  },
  TRUST_OWNER_UNFIT: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a device cannot be the owner, or cannot have the one, that was asked for',
    hint: 'let one device that founded no mesh own all others directly: brume trust owner show',
  },
  TRUST_DEVICE_FAULTED: {
    retryable: false,
    exit: 3,
    status: 409,
    meaning: 'a device with a proven fault was to share a domain: all of it would have no score',
    hint: 'look at brume trust explain for it, and wait until the fault is thirty days old',
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
