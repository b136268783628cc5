/**
 * Questions and answers of /brume/witness/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { QuestionCodec } from '../../core/question.ts'
import { signedRecord } from '../../core/signed-record.ts'
import {
  COSIGNATURE_BODY_BYTES_MAX,
  EVIDENCE_BYTES_MAX,
  HASH_BYTES,
  HEAD_BODY_BYTES_MAX,
  PROOF_HASHES_MAX,
} from './limits.ts'

const signedHead = signedRecord(HEAD_BODY_BYTES_MAX)

/** The device: this is the head of my ledger; sign that you hold it. */
const show = record({
  head: signedHead,
  /** How it grew out of the head that the witness holds; undefined when it holds none. */
  growth: optional(
    record({
      /** Entries under that head. */
      since: uint(),
      /** Root of the device's tree when it had so many. */
      rootThen: bytes(HASH_BYTES),
      proof: list(bytes(HASH_BYTES), PROOF_HASHES_MAX),
    }),
  ),
})

const SHAPES = {
  /** I hold it. */
  cosigned: record({ cosignature: signedRecord(COSIGNATURE_BODY_BYTES_MAX) }),
  /** I hold this one: say how yours grew out of it, or ask yourself what you lost. */
  held: record({ head: signedHead }),
  /** I sign nothing. */
  refused: record({ reason: word('invalid', 'full') }),
  /** I hold a proof that you signed two histories. */
  forked: record({ proof: bytes(1, EVIDENCE_BYTES_MAX) }),
} as const

const ANSWERS = ['cosigned', 'held', 'refused', 'forked'] as const
type AnswerType = (typeof ANSWERS)[number]

export type ShowHead = ShapeOf<typeof show>
export type WitnessAnswer = {
  readonly [T in AnswerType]: { readonly type: T } & ShapeOf<(typeof SHAPES)[T]>
}[AnswerType]

const SHOW = 0x01
const ANSWERS_FROM = 0x81

/** Frames of /brume/witness/1. */
export const witnessCodec: QuestionCodec<ShowHead, WitnessAnswer> = {
  encodeQuestion: (question) => concatBytes([Uint8Array.of(SHOW), encodeShape(show, question)]),
  decodeQuestion: (frame) => {
    const decoded = frame[0] === SHOW ? decodeShape(show, frame.subarray(1)) : undefined
    return decoded?.type === 'value' ? decoded.value : undefined
  },
  encodeAnswer: (answer) => {
    const kind = Uint8Array.of(ANSWERS_FROM + ANSWERS.indexOf(answer.type))
    return concatBytes([kind, encodeShape(SHAPES[answer.type] as Shape<unknown>, answer)])
  },
  decodeAnswer: (frame) => {
    const type = ANSWERS[(frame[0] ?? 0) - ANSWERS_FROM]
    if (type === undefined) return undefined
    const decoded = decodeShape(SHAPES[type] as Shape<unknown>, frame.subarray(1))
    if (decoded.type === 'refused') return undefined
    return { type, ...(decoded.value as object) } as WitnessAnswer
  },
  fits: () => true,
}
