/**
 * Questions and answers of /brume/audit/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * @module
 */

import { bytes, list, record, uint, word } from '../../core/cbor-shape.ts'
import { ANSWERS_FROM, kindCodec, type MessageOf } from '../../core/kind-codec.ts'
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

export type AuditQuestion = MessageOf<typeof QUESTIONS>
export type AuditAnswer = MessageOf<typeof ANSWERS>

const questions = kindCodec(QUESTIONS, 0x01)
const answers = kindCodec(ANSWERS, ANSWERS_FROM)

/** What may be answered to what. */
const FITTING: Readonly<Record<AuditQuestion['type'], readonly AuditAnswer['type'][]>> = {
  evidence: ['evidence', 'gone'],
  task: ['taken', 'unable'],
  run: ['committed', 'unable'],
  claim: ['taken', 'unable'],
  conclude: ['verdict', 'unable'],
}

/** Frames of /brume/audit/1. */
export const auditCodec: QuestionCodec<AuditQuestion, AuditAnswer> = {
  encodeQuestion: (question) => questions.encode(question),
  decodeQuestion: (frame) => questions.decode(frame),
  encodeAnswer: (answer) => answers.encode(answer),
  decodeAnswer: (frame) => answers.decode(frame),
  fits: (question, answer) => FITTING[question.type].includes(answer.type),
}
