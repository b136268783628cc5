/**
 * The model that a GGUF file holds, as a graph and the weights that fill it.
 *
 * @module
 */

import { writeDecoderGraph, type DecoderOutline, type Past } from '../builder/decoder-graph.ts'
import { GraphWriter } from '../builder/graph-writer.ts'
import type { Result } from '../errors.ts'
import { attempt } from '../refuse.ts'
import { decoderOf } from './decoder-shape.ts'
import type { GgufFile } from './gguf-file.ts'
import { GgufParts } from './gguf-parts.ts'
import type { TextWords } from '../text/text-outline.ts'
import { textKeysOf } from './text-keys.ts'
import type { GgufWeight } from './weight-rows.ts'

export interface GgufModel extends DecoderOutline<GgufWeight> {
  /** What the file holds, for people. */
  readonly description: string
  /** Longest text, in tokens. */
  readonly positionsMax: number
  readonly words: Omit<TextWords, 'tokenizer'>
}

/**
 * The decoder of a file: one that generates, or, when `past` is `none`, one that runs in one pass.
 *
 * Quantised weights keep their integers and scales: nothing is rounded again.
 *
 * @returns GGUF_UNSUPPORTED or GGUF_MODEL_INVALID when the file holds no decoder that can be run.
 */
export function ggufModel(file: GgufFile, past: Past): Result<GgufModel> {
  return attempt(() => {
    const decoder = decoderOf(file, past)
    const parts = new GgufParts(file, decoder)
    const outline = writeDecoderGraph(new GraphWriter<GgufWeight>(), decoder, parts)
    parts.checkAllUsed()
    const formats = new Set([...file.tensors.values()].map(({ format }) => format.name))
    const forms = [...formats].toSorted().join(', ')
    const description = `GGUF, ${decoder.architecture}, ${forms}`
    const { positionsMax, vocabulary } = decoder
    return { ...outline, description, positionsMax, words: textKeysOf(file, vocabulary) }
  })
}
