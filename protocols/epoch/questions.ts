/**
 * Questions and answers of /brume/epoch/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * What is agreed on is gossiped; what is in it, and what was missed, is asked for.
 *
 * @module
 */

import { bytes, flag, list, optional, record, uint } from '../../core/cbor-shape.ts'
import { ANSWERS_FROM, kindCodec, type MessageOf } from '../../core/kind-codec.ts'
import type { QuestionCodec, QuestionFault } from '../../core/question.ts'
import { epochRecordShape } from './cut.ts'
import type { EpochErrorCode } from './errors.ts'
import {
  AUDIT_BYTES_MAX,
  CUT_BYTES_MAX,
  EPOCH_MAX,
  EPOCHS_PER_ANSWER_MAX,
  FAREWELL_BYTES_MAX,
  HASH_BYTES,
  ITEM_BYTES_MAX,
  ITEMS_PER_ANSWER_MAX,
  OWNER_WORD_BYTES_MAX,
  REPORT_BYTES_MAX,
} from './limits.ts'

const QUESTIONS = {
  /** What is in the header of this hash? */
  cut: record({ header: bytes(HASH_BYTES) }),
  /** Which epochs were decided, from this one on? */
  epochs: record({ from: uint(EPOCH_MAX) }),
  /** Statements, evidence, audits and words about owners with these ids. */
  items: record({ ids: list(bytes(HASH_BYTES), ITEMS_PER_ANSWER_MAX) }),
  /** Do you know that this device leaves? It waits for the answer before it goes. */
  farewell: record({ word: bytes(1, FAREWELL_BYTES_MAX) }),
  /** No question: a device tells its speaker what it did. */
  report: record({ report: bytes(1, REPORT_BYTES_MAX) }),
} as const

const ANSWERS = {
  cut: record({ cut: optional(bytes(1, CUT_BYTES_MAX)) }),
  epochs: record({ epochs: list(epochRecordShape(), EPOCHS_PER_ANSWER_MAX) }),
  /** Gossiped statements, evidence, audits and words about owners, as they travel there. */
  items: record({
    statements: list(bytes(1, ITEM_BYTES_MAX), ITEMS_PER_ANSWER_MAX),
    evidence: list(bytes(1, ITEM_BYTES_MAX), ITEMS_PER_ANSWER_MAX),
    audits: list(bytes(1, AUDIT_BYTES_MAX), ITEMS_PER_ANSWER_MAX),
    owners: list(bytes(1, OWNER_WORD_BYTES_MAX), ITEMS_PER_ANSWER_MAX),
  }),
  /** Whether it does, and will see to it that the next epochs hold it. */
  farewell: record({ known: flag() }),
  /** Whether it is told in the next statement of the speaker. */
  report: record({ taken: flag() }),
} as const

export type EpochQuestion = MessageOf<typeof QUESTIONS>
export type EpochAnswer = MessageOf<typeof ANSWERS>

const questions = kindCodec(QUESTIONS, 0x01)
const answers = kindCodec(ANSWERS, ANSWERS_FROM)

/** Frames of /brume/epoch/1. */
export const epochCodec: QuestionCodec<EpochQuestion, EpochAnswer> = {
  encodeQuestion: (question) => questions.encode(question),
  decodeQuestion: (frame) => questions.decode(frame),
  encodeAnswer: (answer) => answers.encode(answer),
  decodeAnswer: (frame) => answers.decode(frame),
  fits: (question, answer) => question.type === answer.type,
}

/** What a fault of one of these links is reported as. */
export const EPOCH_QUESTION_FAULTS: Readonly<Record<QuestionFault, EpochErrorCode>> = {
  unexpected: 'EPOCH_MESSAGE_MALFORMED',
  late: 'EPOCH_ANSWER_LATE',
  ended: 'EPOCH_LINK_ENDED',
  'too-many': 'EPOCH_QUESTIONS_TOO_MANY',
}
