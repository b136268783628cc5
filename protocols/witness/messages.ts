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
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import { ANSWERS_FROM, kindCodec, type MessageOf } from '../../core/kind-codec.ts'
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

const ANSWERS = {
  /** I hold it. */
  cosigned: record({ cosignature: signedRecord(COSIGNATURE_BODY_BYTES_MAX) }),
  /** I hold this one: say how yours grew out of it, or ask yourself what you lost. */
  held: record({ head: signedHead }),
  /** I sign nothing. */
  refused: record({ reason: word('invalid', 'full') }),
  /** I hold a proof that you signed two histories. */
  forked: record({ proof: bytes(1, EVIDENCE_BYTES_MAX) }),
} as const

export type ShowHead = ShapeOf<typeof show>
export type WitnessAnswer = MessageOf<typeof ANSWERS>

const SHOW = 0x01
const answers = kindCodec(ANSWERS, ANSWERS_FROM)

/** Frames of /brume/witness/1. */
export const witnessCodec: QuestionCodec<ShowHead, WitnessAnswer> = {
  encodeQuestion: (question) => concatBytes([Uint8Array.of(SHOW), encodeShape(show, question)]),
  decodeQuestion: (frame) => {
    const decoded = frame[0] === SHOW ? decodeShape(show, frame.subarray(1)) : undefined
    return decoded?.type === 'value' ? decoded.value : undefined
  },
  encodeAnswer: (answer) => answers.encode(answer),
  decodeAnswer: (frame) => answers.decode(frame),
  fits: () => true,
}
