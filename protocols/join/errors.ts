/**
 * Why a device is not let into a mesh, or is no longer taken for a member.
 *
 * Between peers these are values: a refusal on the wire carries the code alone.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type JoinFailure =
  /** The text is no invite code, or a character of it is wrong. */
  | { readonly code: 'JOIN_CODE_MALFORMED'; readonly detail?: string }
  /** The code, or a first frame, is of a later version. */
  | { readonly code: 'JOIN_VERSION_UNSUPPORTED'; readonly detail?: string }
  | { readonly code: 'JOIN_INVITE_EXPIRED'; readonly detail?: string }
  | { readonly code: 'JOIN_INVITE_USED'; readonly detail?: string }
  /** No such invite, or the proof of its secret is wrong. */
  | { readonly code: 'JOIN_INVITE_UNKNOWN'; readonly detail?: string }
  /** The other side is in another mesh than the code or certificate says. */
  | { readonly code: 'JOIN_MESH_MISMATCH'; readonly detail?: string }
  /** The other side is in no mesh. */
  | { readonly code: 'JOIN_NO_MESH'; readonly detail?: string }
  | { readonly code: 'JOIN_RATE_LIMITED'; readonly detail?: string }
  /** The inviter could not prove that it may speak for the mesh. */
  | { readonly code: 'JOIN_INVITER_UNPROVEN'; readonly detail?: string }
  /** The inviter has no right to invite (any more). */
  | { readonly code: 'JOIN_INVITER_NOT_ALLOWED'; readonly detail?: string }
  | { readonly code: 'JOIN_CERTIFICATE_MALFORMED'; readonly detail?: string }
  | { readonly code: 'JOIN_CERTIFICATE_FORGED'; readonly detail?: string }
  | { readonly code: 'JOIN_CERTIFICATE_EXPIRED'; readonly detail?: string }
  | { readonly code: 'JOIN_CERTIFICATE_FOREIGN'; readonly detail?: string }
  | { readonly code: 'JOIN_CHAIN_INVALID'; readonly detail?: string }
  /** A frame that does not fit the exchange. */
  | { readonly code: 'JOIN_PROTOCOL_VIOLATION'; readonly detail?: string }
  | { readonly code: 'JOIN_TIMEOUT'; readonly detail?: string }
  /** The link ended before the exchange did. */
  | { readonly code: 'JOIN_LINK_LOST'; readonly detail?: string }
  /** None of the addresses in the code could be dialled. */
  | { readonly code: 'JOIN_UNREACHABLE'; readonly detail?: string }
  /** The inviter could not write down what it granted. */
  | { readonly code: 'JOIN_ISSUE_FAILED'; readonly detail?: string }
  /** We could not write down what was granted to us. */
  | { readonly code: 'JOIN_KEEP_FAILED'; readonly detail?: string }

export type JoinCode = JoinFailure['code']

/** A device that could not join. Its `failure` says why. */
export class JoinError extends CodedError<JoinFailure> {
  constructor(failure: JoinFailure, options?: ErrorOptions) {
    const sentence = lowerFirst(JOIN_ERRORS[failure.code].meaning)
    super(
      failure,
      failure.detail === undefined ? sentence : `${sentence}: ${failure.detail}`,
      options,
    )
  }
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

/** What the faces say about each code. */
export const JOIN_ERRORS: ErrorTable<JoinCode> = {
  JOIN_CODE_MALFORMED: {
    meaning: 'the text is not an invite code, or a character of it is wrong',
    hint: 'copy the whole code again, from `brume1` to its end',
    retryable: false,
    exit: 2,
    status: 400,
  },
  JOIN_VERSION_UNSUPPORTED: {
    meaning: 'the other side speaks a version that this device does not know',
    hint: 'update brume on both devices',
    retryable: false,
    exit: 7,
    status: 400,
  },
  JOIN_INVITE_EXPIRED: {
    meaning: 'the invite has expired',
    hint: 'ask for a new one: `brume invite` on a device of the mesh',
    retryable: false,
    exit: 7,
    status: 410,
  },
  JOIN_INVITE_USED: {
    meaning: 'the invite has been used as often as it may be',
    hint: 'ask for a new one: `brume invite` on a device of the mesh',
    retryable: false,
    exit: 7,
    status: 410,
  },
  JOIN_INVITE_UNKNOWN: {
    meaning: 'the inviting device does not know this invite',
    hint: 'ask for a new one: it may have been revoked, or made by another device',
    retryable: false,
    exit: 5,
    status: 404,
  },
  JOIN_MESH_MISMATCH: {
    meaning: 'the other device belongs to another mesh',
    hint: 'ask for an invite to the mesh that the device is in now',
    retryable: false,
    exit: 7,
    status: 409,
  },
  JOIN_NO_MESH: {
    meaning: 'the other device is in no mesh',
    hint: 'create a mesh there first: `brume mesh create NAME`',
    retryable: false,
    exit: 7,
    status: 409,
  },
  JOIN_RATE_LIMITED: {
    meaning: 'the inviting device has seen too many attempts to join',
    hint: 'try again in a minute',
    retryable: true,
    exit: 7,
    status: 429,
  },
  JOIN_INVITER_UNPROVEN: {
    meaning: 'the device at the address of the invite could not prove that it speaks for the mesh',
    hint: 'do not retry with this code: nothing secret was sent, but the address may be in wrong hands',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_INVITER_NOT_ALLOWED: {
    meaning: 'the inviting device has no right to invite',
    hint: 'ask the founder of the mesh, or a device that was invited with the right to invite',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_CERTIFICATE_MALFORMED: {
    meaning: 'A membership certificate could not be read',
    hint: 'update brume on both devices, or join again',
    retryable: false,
    exit: 1,
    status: 502,
  },
  JOIN_CERTIFICATE_FORGED: {
    meaning: 'A membership certificate is not signed by its issuer',
    hint: 'do not trust the device that showed it',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_CERTIFICATE_EXPIRED: {
    meaning: 'A membership certificate has expired or is not valid yet',
    hint: 'set the clock of both devices, or join again with a new invite',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_CERTIFICATE_FOREIGN: {
    meaning: 'A membership certificate belongs to another device',
    hint: 'do not trust the device that showed it',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_CHAIN_INVALID: {
    meaning: 'A membership certificate does not lead back to the founder of the mesh',
    hint: 'ask a device that has the right to invite for a new invite',
    retryable: false,
    exit: 4,
    status: 403,
  },
  JOIN_PROTOCOL_VIOLATION: {
    meaning: 'the other device sent a message that does not fit the exchange',
    hint: 'update brume on both devices',
    retryable: false,
    exit: 1,
    status: 502,
  },
  JOIN_TIMEOUT: {
    meaning: 'the other device did not answer in time',
    hint: 'check that it is running and that the network between the two is up',
    retryable: true,
    exit: 6,
    status: 504,
  },
  JOIN_LINK_LOST: {
    meaning: 'the connection ended before the exchange was complete',
    hint: 'try again: an invite that was not used stays valid',
    retryable: true,
    exit: 1,
    status: 502,
  },
  JOIN_UNREACHABLE: {
    meaning: 'the inviting device cannot be reached at the addresses in the code',
    hint: 'check that it is running and on this network, or ask for a new invite',
    retryable: true,
    exit: 6,
    status: 504,
  },
  JOIN_ISSUE_FAILED: {
    meaning: 'the inviting device could not write down the new membership',
    hint: 'look at the log of the inviting device: its disk may be full',
    retryable: true,
    exit: 1,
    status: 502,
  },
  JOIN_KEEP_FAILED: {
    meaning: 'this device could not write down its membership',
    hint: 'free some disk space and try the same invite again: it was not used up',
    retryable: true,
    exit: 1,
    status: 500,
  },
}
