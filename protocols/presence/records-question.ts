/**
 * The question of /brume/presence/1, which a device asks whom it meets: which records do you know?
 *
 * Gossip tells a newcomer of its neighbours, as soon as its streams are open, and of all others at
 * their next heartbeat. One that asks knows everybody at once.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  record,
  type ShapeOf,
  uint,
} from '../../core/cbor-shape.ts'
import type { QuestionCodec, QuestionFault } from '../../core/question.ts'
import type { PresenceFault } from './errors.ts'
import { DIRECTORY_RECORDS_MAX, RECORD_BYTES_MAX, RECORDS_PER_ANSWER_MAX } from './limits.ts'

const question = record({
  /** How many records were received so far: the answer goes on from there. */
  from: uint(DIRECTORY_RECORDS_MAX),
})

const answer = record({
  /** Encoded records, that of the device itself first of all. */
  records: list(bytes(1, RECORD_BYTES_MAX), RECORDS_PER_ANSWER_MAX),
  /** How many more there are. */
  left: uint(DIRECTORY_RECORDS_MAX),
})

export type RecordsQuestion = ShapeOf<typeof question>
export type RecordsAnswer = ShapeOf<typeof answer>

const QUESTION = 0x01
const ANSWER = 0x81

/** Frames of /brume/presence/1: a byte for the kind, then canonical CBOR. */
export const recordsCodec: QuestionCodec<RecordsQuestion, RecordsAnswer> = {
  encodeQuestion: (asked) => concatBytes([Uint8Array.of(QUESTION), encodeShape(question, asked)]),
  decodeQuestion: (frame) => {
    const decoded = frame[0] === QUESTION ? decodeShape(question, frame.subarray(1)) : undefined
    return decoded?.type === 'value' ? decoded.value : undefined
  },
  encodeAnswer: (answered) => concatBytes([Uint8Array.of(ANSWER), encodeShape(answer, answered)]),
  decodeAnswer: (frame) => {
    const decoded = frame[0] === ANSWER ? decodeShape(answer, frame.subarray(1)) : undefined
    return decoded?.type === 'value' ? decoded.value : undefined
  },
  fits: () => true,
}

/** The code of a fault on a link of /brume/presence/1. */
export const RECORDS_FAULTS: Readonly<Record<QuestionFault, PresenceFault>> = {
  unexpected: 'PRESENCE_UNEXPECTED',
  late: 'PRESENCE_TIMED_OUT',
  ended: 'PRESENCE_LINK_ENDED',
  'too-many': 'PRESENCE_TOO_MANY',
}
