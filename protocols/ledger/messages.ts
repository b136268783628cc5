/**
 * Questions and answers of /brume/ledger/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * Heads, entries and proofs are bytes here; what they say is the ledger's.
 *
 * @module
 */

import { bytes, flag, list, optional, record, type Shape, uint } from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import { ANSWERS_FROM, kindCodec, type MessageOf } from '../../core/kind-codec.ts'
import type { QuestionCodec } from '../../core/question.ts'
import { signedRecord } from '../../core/signed-record.ts'
import {
  ANSWER_BYTES_MAX,
  ENTRIES_PER_ANSWER_MAX,
  ENTRY_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  EVIDENCE_PER_ANSWER_MAX,
  HASH_BYTES,
  HEAD_BODY_BYTES_MAX,
  PROOF_HASHES_MAX,
} from './limits.ts'

const signedHead = signedRecord(HEAD_BODY_BYTES_MAX)
const hash = (): Shape<Uint8Array> => bytes(HASH_BYTES)

const QUESTIONS = {
  /** Which heads of the ledger of `device` do you hold? */
  'heads-of': record({ device: peerId() }),
  /** Which are its entries in [from, to)? */
  'entries-of': record({ device: peerId(), from: uint(), to: uint() }),
  /** How did its tree grow from one size to another, from 1 on? */
  'growth-of': record({ device: peerId(), first: uint(), second: uint() }),
  /** Which proofs of equivocation do you hold, from that place of your list on? */
  'evidence-from': record({ from: uint() }),
  /** Give me your ledger as a file, from its beginning, or what follows what you gave last. */
  'bundle-part': record({ begin: flag() }),
} as const

const ANSWERS = {
  heads: record({
    /** The latest that was shown. */
    newest: optional(signedHead),
    /** The latest under which all entries are held. */
    whole: optional(signedHead),
  }),
  /** As many as fit from the first that was asked for; none where that is not held. */
  entries: record({ entries: list(bytes(1, ENTRY_BYTES_MAX), ENTRIES_PER_ANSWER_MAX) }),
  growth: record({
    /** Undefined where the tree is not held. */
    growth: optional(
      record({
        /** The root at the first size. */
        rootThen: hash(),
        proof: list(hash(), PROOF_HASHES_MAX),
      }),
    ),
  }),
  evidence: record({ proofs: list(bytes(1, EVIDENCE_BYTES_MAX), EVIDENCE_PER_ANSWER_MAX) }),
  /** The next bytes of the file. */
  bundle: record({ bytes: bytes(0, ANSWER_BYTES_MAX + ENTRY_BYTES_MAX), last: flag() }),
} as const

export type LedgerQuestion = MessageOf<typeof QUESTIONS>
export type LedgerAnswer = MessageOf<typeof ANSWERS>

/** The answer to a question of this type. */
export type LedgerAnswerTo<T extends LedgerQuestion['type']> = Extract<
  LedgerAnswer,
  { readonly type: (typeof ANSWER_TYPES)[T] }
>

const ANSWER_TYPES = {
  'heads-of': 'heads',
  'entries-of': 'entries',
  'growth-of': 'growth',
  'evidence-from': 'evidence',
  'bundle-part': 'bundle',
} as const

const questions = kindCodec(QUESTIONS, 0x01)
const answers = kindCodec(ANSWERS, ANSWERS_FROM)

/** Frames of /brume/ledger/1. */
export const ledgerCodec: QuestionCodec<LedgerQuestion, LedgerAnswer> = {
  encodeQuestion: (question) => questions.encode(question),
  decodeQuestion: (frame) => questions.decode(frame),
  encodeAnswer: (answer) => answers.encode(answer),
  decodeAnswer: (frame) => answers.decode(frame),
  fits: (question, answer) =>
    ANSWER_TYPES[question.type] === answer.type &&
    (question.type !== 'entries-of' ||
      answer.type !== 'entries' ||
      answer.entries.length <= question.to - question.from),
}
