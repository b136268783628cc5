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
  type Shape,
  type ShapeOf,
  word,
} from '../../core/cbor-shape.ts'
import type { QuestionCodec } from '../../core/question.ts'
import { SIGNED_HEADER_COSIGNATURE } from './header-cosignature.ts'
import { SIGNED_HEADER } from './light-client.ts'
import { HEADERS_PER_SHOW_MAX } from './limits.ts'

/** A device: this is how my mesh went on; sign that you hold the last one. */
const show = record({ headers: list(SIGNED_HEADER, HEADERS_PER_SHOW_MAX) })

const SHAPES = {
  /** I hold the last one. */
  cosigned: record({ cosignature: SIGNED_HEADER_COSIGNATURE }),
  /** I hold this one: show me what followed it, or ask yourself what you lost. */
  held: record({ header: SIGNED_HEADER }),
  /** I sign nothing. */
  refused: record({ reason: word('unknown', 'invalid', 'full') }),
  /** Your mesh decided two headers of one epoch. */
  forked: record({ one: SIGNED_HEADER, other: SIGNED_HEADER }),
} as const

const ANSWERS = ['cosigned', 'held', 'refused', 'forked'] as const
type AnswerType = (typeof ANSWERS)[number]

export type ShowHeaders = ShapeOf<typeof show>
export type CosignAnswer = {
  readonly [T in AnswerType]: { readonly type: T } & ShapeOf<(typeof SHAPES)[T]>
}[AnswerType]

const SHOW = 0x01
const ANSWERS_FROM = 0x81

/** Frames of /brume/cosign/1. */
export const cosignCodec: QuestionCodec<ShowHeaders, CosignAnswer> = {
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
    return { type, ...(decoded.value as object) } as CosignAnswer
  },
  fits: () => true,
}
