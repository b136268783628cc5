/**
 * Questions and answers of /brume/cosign/1 as frames: a byte for the kind, then canonical CBOR.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  decodeShape,
  encodeShape,
  list,
  record,
  type ShapeOf,
  word,
} from '../../core/cbor-shape.ts'
import { ANSWERS_FROM, kindCodec, type MessageOf } from '../../core/kind-codec.ts'
import type { QuestionCodec } from '../../core/question.ts'
import { SIGNED_HEADER_COSIGNATURE } from './header-cosignature.ts'
import { SIGNED_HEADER } from './light-client.ts'
import { HEADERS_PER_SHOW_MAX } from './limits.ts'

/** A device: this is how my mesh went on; sign that you hold the last one. */
const show = record({ headers: list(SIGNED_HEADER, HEADERS_PER_SHOW_MAX) })

const ANSWERS = {
  /** I hold the last one. */
  cosigned: record({ cosignature: SIGNED_HEADER_COSIGNATURE }),
  /** I hold this one: show me what followed it, or ask yourself what you lost. */
  held: record({ header: SIGNED_HEADER }),
  /** I sign nothing. */
  refused: record({ reason: word('unknown', 'invalid', 'full') }),
  /** Your mesh decided two headers of one epoch. */
  forked: record({ one: SIGNED_HEADER, other: SIGNED_HEADER }),
} as const

export type ShowHeaders = ShapeOf<typeof show>
export type CosignAnswer = MessageOf<typeof ANSWERS>

const SHOW = 0x01
const answers = kindCodec(ANSWERS, ANSWERS_FROM)

/** Frames of /brume/cosign/1. */
export const cosignCodec: QuestionCodec<ShowHeaders, CosignAnswer> = {
  encodeQuestion: (question) => concatBytes([Uint8Array.of(SHOW), encodeShape(show, question)]),
  decodeQuestion: (frame) => {
    const decoded = frame[0] === SHOW ? decodeShape(show, frame.subarray(1)) : undefined
    return decoded?.type === 'value' ? decoded.value : undefined
  },
  encodeAnswer: (answer) => answers.encode(answer),
  decodeAnswer: (frame) => answers.decode(frame),
  fits: () => true,
}
