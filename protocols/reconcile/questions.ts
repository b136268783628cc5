/**
 * Questions and answers of /brume/reconcile/1 as frames: a byte for the set that is meant, then one message.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { QuestionCodec, QuestionFault } from '../../core/question.ts'
import type { ReconcileErrorCode } from './errors.ts'
import { MESSAGE_BYTES_MAX } from './limits.ts'

/** Sets that devices have in common, by their number on the wire. */
const SETS = ['statements', 'evidence', 'audits', 'owners'] as const
export type ReconciledSet = (typeof SETS)[number]

export interface ReconcileQuestion {
  readonly set: ReconciledSet
  readonly message: Uint8Array
}

export interface ReconcileAnswer {
  readonly set: ReconciledSet
  /** Empty where the question could not be read. */
  readonly message: Uint8Array
}

const QUESTIONS_FROM = 0x01
const ANSWERS_FROM = 0x81

/** Frames of /brume/reconcile/1. */
export const reconcileCodec: QuestionCodec<ReconcileQuestion, ReconcileAnswer> = {
  encodeQuestion: (question) => encoded(QUESTIONS_FROM, question),
  decodeQuestion: (frame) => decoded(QUESTIONS_FROM, frame),
  encodeAnswer: (answer) => encoded(ANSWERS_FROM, answer),
  decodeAnswer: (frame) => decoded(ANSWERS_FROM, frame),
  fits: (question, answer) => question.set === answer.set,
}

/** What a fault of one of these links is reported as. */
export const RECONCILE_FAULTS: Readonly<Record<QuestionFault, ReconcileErrorCode>> = {
  unexpected: 'RECONCILE_MESSAGE_MALFORMED',
  late: 'RECONCILE_ANSWER_LATE',
  ended: 'RECONCILE_LINK_ENDED',
  'too-many': 'RECONCILE_ROUNDS_EXCEEDED',
}

function encoded(from: number, { set, message }: ReconcileQuestion): Uint8Array {
  return concatBytes([Uint8Array.of(from + SETS.indexOf(set)), message])
}

function decoded(from: number, frame: Uint8Array): ReconcileQuestion | undefined {
  const set = SETS[(frame[0] ?? 0) - from]
  return set === undefined || frame.length > MESSAGE_BYTES_MAX + 1
    ? undefined
    : { set, message: frame.slice(1) }
}
