/**
 * Questions and answers of /brume/audit/1 as frames: a byte for the kind, then canonical CBOR.
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
  type Shape,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { QuestionCodec } from '../../core/question.ts'
import { signedRecord } from '../../core/signed-record.ts'
import {
  COMPARED_MAX,
  EVIDENCE_BYTES_MAX,
  HASH_BYTES,
  PART_BYTES_MAX,
  REQUESTS_MAX,
  SESSION_BYTES,
  STAGES_MAX,
  VERDICT_BYTES_MAX,
} from './limits.ts'

/** A piece of something longer. */
const part = {
  /** Bytes of the whole. */
  total: uint(EVIDENCE_BYTES_MAX),
  /** Where this piece begins in it. */
  from: uint(EVIDENCE_BYTES_MAX),
  bytes: bytes(0, PART_BYTES_MAX),
}

const QUESTIONS = {
  /** To the provider: show me what you took and gave in my session, for these requests. */
  evidence: record({
    session: bytes(SESSION_BYTES),
    stage: uint(STAGES_MAX - 1),
    requests: list(uint(REQUESTS_MAX - 1), COMPARED_MAX),
    /** Where the piece begins that is asked for. */
    from: uint(EVIDENCE_BYTES_MAX),
  }),
  /** To an auditor: this is the task, without what the provider gave. */
  task: record(part),
  /** To an auditor: run it, and bind yourself to what comes of it. */
  run: record({}),
  /** To an auditor who is bound: this is what the provider gave, and who found what before you. */
  claim: record(part),
  /** To an auditor who has it all: what do you find? */
  conclude: record({}),
} as const

const ANSWERS = {
  evidence: record(part),
  /** It is not held here any more. */
  gone: record({}),
  taken: record({}),
  committed: record({ commitment: bytes(HASH_BYTES) }),
  /** It cannot be run here. */
  unable: record({ reason: word('model', 'memory', 'busy', 'failed', 'invalid') }),
  verdict: record({
    verdict: signedRecord(VERDICT_BYTES_MAX),
    /** What the auditor's runs gave, for whoever runs the task after it. */
    outputs: bytes(0, PART_BYTES_MAX),
  }),
} as const

const QUESTION_TYPES = ['evidence', 'task', 'run', 'claim', 'conclude'] as const
const ANSWER_TYPES = ['evidence', 'gone', 'taken', 'committed', 'unable', 'verdict'] as const
type QuestionType = (typeof QUESTION_TYPES)[number]
type AnswerType = (typeof ANSWER_TYPES)[number]

export type AuditQuestion = {
  readonly [T in QuestionType]: { readonly type: T } & ShapeOf<(typeof QUESTIONS)[T]>
}[QuestionType]
export type AuditAnswer = {
  readonly [T in AnswerType]: { readonly type: T } & ShapeOf<(typeof ANSWERS)[T]>
}[AnswerType]

const QUESTIONS_FROM = 0x01
const ANSWERS_FROM = 0x81

/** What may be answered to what. */
const FITTING: Readonly<Record<QuestionType, readonly AnswerType[]>> = {
  evidence: ['evidence', 'gone'],
  task: ['taken', 'unable'],
  run: ['committed', 'unable'],
  claim: ['taken', 'unable'],
  conclude: ['verdict', 'unable'],
}

/** Frames of /brume/audit/1. */
export const auditCodec: QuestionCodec<AuditQuestion, AuditAnswer> = {
  encodeQuestion: (question) =>
    framed(QUESTIONS_FROM + QUESTION_TYPES.indexOf(question.type), QUESTIONS, question),
  decodeQuestion: (frame) =>
    opened(QUESTION_TYPES[(frame[0] ?? 0) - QUESTIONS_FROM], QUESTIONS, frame) as
      | AuditQuestion
      | undefined,
  encodeAnswer: (answer) =>
    framed(ANSWERS_FROM + ANSWER_TYPES.indexOf(answer.type), ANSWERS, answer),
  decodeAnswer: (frame) =>
    opened(ANSWER_TYPES[(frame[0] ?? 0) - ANSWERS_FROM], ANSWERS, frame) as AuditAnswer | undefined,
  fits: (question, answer) => FITTING[question.type].includes(answer.type),
}

type Shapes = Readonly<Record<string, Shape<never>>>

function framed(kind: number, shapes: unknown, message: { readonly type: string }): Uint8Array {
  const shape = (shapes as Shapes)[message.type] as unknown as Shape<unknown>
  return concatBytes([Uint8Array.of(kind), encodeShape(shape, message)])
}

function opened(type: string | undefined, shapes: unknown, frame: Uint8Array): unknown {
  if (type === undefined) return undefined
  const shape = (shapes as Shapes)[type] as unknown as Shape<unknown>
  const decoded = decodeShape(shape, frame.subarray(1))
  if (decoded.type === 'refused') return undefined
  return { type, ...(decoded.value as object) }
}
