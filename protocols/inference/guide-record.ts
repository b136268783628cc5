/**
 * What the answer of a text has to look like, as canonical CBOR.
 *
 * The source travels, not what it is compiled to: whoever draws compiles it, and two who do allow
 * the same tokens after the same text. What sources may say is known where they are read
 * (models/grammar/guide.ts).
 *
 * @module
 */

import { record, text, word, type ShapeOf } from '../../core/cbor-shape.ts'
import { GUIDE_CHARACTERS_MAX } from './limits.ts'

/** What an `open` of a text says about the form of its answer. */
export const guideShape = record({
  /** A grammar in the notation of llama.cpp, or a JSON schema. */
  notation: word('gbnf', 'json-schema'),
  source: text(GUIDE_CHARACTERS_MAX),
})
export type GuideRecord = ShapeOf<typeof guideShape>
