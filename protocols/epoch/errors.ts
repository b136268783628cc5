/**
 * What goes wrong while a committee agrees on an epoch. Faults of peers: values, never exceptions.
 *
 * @module
 */

import type { ErrorTable } from '../../core/errors.ts'

export type EpochErrorCode =
  | 'EPOCH_MESSAGE_TOO_LONG'
  | 'EPOCH_MESSAGE_MALFORMED'
  | 'EPOCH_VERSION_UNSUPPORTED'
  /** It is of another mesh or another epoch. */
  | 'EPOCH_MISMATCH'
  /** There is no such seat, or it is not that seat's turn. */
  | 'EPOCH_SEAT_INVALID'
  | 'EPOCH_ROUND_INVALID'
  | 'EPOCH_SIGNATURE_INVALID'
  /** A proposer proposed twice in one round. */
  | 'EPOCH_PROPOSAL_CONFLICT'
  /** Too few seats signed, or others. */
  | 'EPOCH_CERTIFICATE_INVALID'
  | 'EPOCH_EVIDENCE_INVALID'
  /** Evidence holds, against who had no seat, or has no part in the mesh. */
  | 'EPOCH_EVIDENCE_FOREIGN'
  /** A word of who leaves that is not signed by it, is of a time to come, or says nothing new. */
  | 'EPOCH_FAREWELL_INVALID'
  /** An audit in a cut that was not drawn, does not hold, or counts already. */
  | 'EPOCH_AUDIT_INVALID'
  /** A change of parameters that no quorum of the committee wants, or while one is under way. */
  | 'EPOCH_CHANGE_INVALID'
  /** A word about the owner of a device in a cut that does not hold, or does not count. */
  | 'EPOCH_OWNERS_INVALID'
  /** The header does not follow the one before it. */
  | 'EPOCH_PARENT_UNKNOWN'
  /** A mesh decided two headers of one epoch, or this device has not what a witness has of its mesh. */
  | 'EPOCH_HEADER_FORKED'
  /** The header is of a time that is not now. */
  | 'EPOCH_TIME_INVALID'
  /** The roots of the header are not those of what is in it. */
  | 'EPOCH_FOLD_MISMATCH'
  /** The cut leaves out too much of what was there. */
  | 'EPOCH_CUT_CENSORED'
  /** The record of one's own votes cannot be read: the seat abstains. */
  | 'EPOCH_VOTES_LOST'
  /** What was in a header that this device voted for cannot be read back. */
  | 'EPOCH_CUT_DAMAGED'
  /** A row of one's own about an epoch is not what was written. */
  | 'EPOCH_DISK_DAMAGED'
  /** Votes are on the disk later than others wait for them. */
  | 'EPOCH_DISK_SLOW'
  /** There is little room left for what must be kept. */
  | 'EPOCH_DISK_FULL'
  /** A header that cannot be reached from the trusted one. */
  | 'EPOCH_TRUST_EXPIRED'
  /** A header that is reached only by others, which nobody gave. */
  | 'EPOCH_HEADERS_LACKING'
  | 'EPOCH_PROOF_INVALID'
  /** A device did not answer a question about an epoch in time. */
  | 'EPOCH_ANSWER_LATE'
  | 'EPOCH_LINK_ENDED'
  | 'EPOCH_QUESTIONS_TOO_MANY'

const forged = { retryable: false, exit: 2, status: 422 } as const
const away = { retryable: true, exit: 1, status: 503 } as const
const failing = { retryable: true, exit: 1, status: 503 } as const
const unreadable = 'update brume on the device that sent it'

/** What the faces say about each code. */
export const EPOCH_ERRORS: ErrorTable<EpochErrorCode> = {
  EPOCH_MESSAGE_TOO_LONG: {
    ...forged,
    meaning: 'a message about an epoch is longer than it may be',
    hint: unreadable,
  },
  EPOCH_MESSAGE_MALFORMED: {
    ...forged,
    meaning: 'a message about an epoch is not in the one encoding that it may have',
    hint: unreadable,
  },
  EPOCH_VERSION_UNSUPPORTED: {
    ...forged,
    meaning: 'a message about an epoch is of a version that this program does not know',
    hint: 'update brume on this device',
  },
  EPOCH_MISMATCH: {
    ...forged,
    retryable: true,
    meaning: 'a message is about another mesh or another epoch',
    hint: 'set the clocks of both devices, and check the mesh with `brume mesh show`',
  },
  EPOCH_SEAT_INVALID: {
    ...forged,
    meaning: 'a message is by a seat that there is not, or whose turn it is not',
    hint: 'do not trust the device that sent it',
  },
  EPOCH_ROUND_INVALID: {
    ...forged,
    meaning: 'a message is about a round that there cannot be',
    hint: 'do not trust the device that sent it',
  },
  EPOCH_SIGNATURE_INVALID: {
    ...forged,
    meaning: 'a message is not signed by the seat that it is said to be by',
    hint: 'do not trust the device that sent it',
  },
  EPOCH_PROPOSAL_CONFLICT: {
    ...forged,
    meaning: 'a proposer has proposed two things in one round',
    hint: 'do not trust the device that proposed them',
  },
  EPOCH_CERTIFICATE_INVALID: {
    ...forged,
    meaning: 'a certificate is not signed by enough of the committee',
    hint: 'do not believe what it is about',
  },
  EPOCH_EVIDENCE_INVALID: {
    ...forged,
    meaning: 'evidence does not prove what it says',
    hint: 'ignore it, and be wary of whoever sent it',
  },
  EPOCH_EVIDENCE_FOREIGN: {
    ...forged,
    meaning: 'evidence is against a key that had no seat, or has never spoken in this mesh',
    hint: 'ignore it, and be wary of whoever sent it: such keys are made up',
  },
  EPOCH_FAREWELL_INVALID: {
    ...forged,
    meaning: 'an epoch says of a device that it has left which has not said so, or has come back',
    hint: 'nothing to do: no honest seat votes for it',
  },
  EPOCH_CHANGE_INVALID: {
    ...forged,
    meaning: 'an epoch changes the parameters of the mesh without a quorum that wants it',
    hint: 'nothing to do: no honest seat votes for it',
  },
  EPOCH_OWNERS_INVALID: {
    ...forged,
    meaning: 'an epoch gives a device to an owner without the word of both, or not by the rules',
    hint: 'nothing to do: no honest seat votes for it',
  },
  EPOCH_AUDIT_INVALID: {
    ...forged,
    meaning: 'an audit in an epoch does not hold: others were drawn for it, or it counts already',
    hint: 'do not believe it; its proposer counts what must not be counted',
  },
  EPOCH_PARENT_UNKNOWN: {
    ...forged,
    retryable: true,
    meaning: 'a header does not follow the last one that this device knows',
    hint: 'wait until this device has caught up',
  },
  EPOCH_HEADER_FORKED: {
    ...forged,
    meaning:
      'a witness holds a certified header of this mesh that this device does not have, or two of one epoch',
    hint: 'was a disk restored from an older copy? compare brume trust show on all devices of the mesh before anything is decided by it',
  },
  EPOCH_TIME_INVALID: {
    ...forged,
    retryable: true,
    meaning: 'the time of a header is not the time of this device',
    hint: 'set the clock of this device, and of the one that proposed the header',
  },
  EPOCH_FOLD_MISMATCH: {
    ...forged,
    meaning: 'the roots of a header do not follow from what is in it',
    hint: 'update brume on all devices of the committee; if it stays so, one of them lies',
  },
  EPOCH_CUT_CENSORED: {
    ...forged,
    retryable: true,
    meaning: 'a header leaves out too much of what this device had received',
    hint: 'nothing to do: later rounds ask for less',
  },
  EPOCH_VOTES_LOST: {
    ...failing,
    meaning: 'this device cannot read what it voted for, and abstains',
    hint: 'check the disk of this device; it votes again after two epochs',
  },
  EPOCH_CUT_DAMAGED: {
    ...failing,
    meaning: 'this device cannot read back what was in a header that it voted for',
    hint: 'check the disk of this device; it asks others for it',
  },
  EPOCH_DISK_DAMAGED: {
    ...failing,
    meaning: 'the disk of this device changed what it had kept of an epoch',
    hint: 'check the disk; what was decided is asked of other devices',
  },
  EPOCH_DISK_SLOW: {
    ...failing,
    meaning: 'the disk of this device takes longer to write a vote down than others wait for it',
    hint: 'move the state folder to a faster disk, or end what keeps it busy',
  },
  EPOCH_DISK_FULL: {
    ...failing,
    meaning: 'little is left on the disk of the state folder, where votes and epochs must be kept',
    hint: 'free some: a daemon whose disk is full ends',
  },
  EPOCH_TRUST_EXPIRED: {
    ...forged,
    retryable: true,
    meaning: 'what this device trusts is too old, or too few of those it knows signed',
    hint: 'get headers in between, or the header of today from somebody that you trust',
  },
  EPOCH_HEADERS_LACKING: {
    ...forged,
    retryable: true,
    exit: 3,
    meaning:
      'the seats changed too much between the header that is trusted and the one that is shown, and headers in between are lacking',
    hint: 'run brume trust headers --since EPOCH --out FILE on any device of the mesh, and add that file: --from FILE',
  },
  EPOCH_PROOF_INVALID: {
    ...forged,
    meaning: 'a proof of a score does not prove it',
    hint: 'do not believe it',
  },
  EPOCH_ANSWER_LATE: {
    ...away,
    meaning: 'a device did not answer a question about an epoch in time',
    hint: 'nothing to do: another device is asked',
  },
  EPOCH_LINK_ENDED: {
    ...away,
    meaning: 'a device ended the link on which it was asked about an epoch',
    hint: 'nothing to do: another device is asked',
  },
  EPOCH_QUESTIONS_TOO_MANY: {
    ...away,
    meaning: 'a device asks more about epochs over one link than it may',
    hint: 'update brume on the device that asks',
  },
}

/** A refusal. `reason` holds no text that a peer chose. */
export interface Refused {
  readonly type: 'refused'
  readonly code: EpochErrorCode
  readonly reason: string
}

/** A `T`, or why there is none. */
export type Result<T> = { readonly type: 'value'; readonly value: T } | Refused

export function accept<T>(value: T): Result<T> {
  return { type: 'value', value }
}

export function refuse(code: EpochErrorCode, reason: string): Refused {
  return { type: 'refused', code, reason }
}
