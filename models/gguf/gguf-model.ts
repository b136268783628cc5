/**
 * The model that a GGUF file holds, as a graph and the weights that fill it.
 *
 * @module
 */

import { writeDecoderGraph } from '../builder/decoder-graph.ts'
import { GraphWriter, type Outline } from '../builder/graph-writer.ts'
import type { Result } from '../errors.ts'
import { attempt } from '../refuse.ts'
import { decoderOf } from './decoder-shape.ts'
import type { GgufFile } from './gguf-file.ts'
import { GgufParts } from './gguf-parts.ts'
import type { GgufWeight } from './weight-rows.ts'

export interface GgufModel extends Outline<GgufWeight> {
  /** What the file holds, for people. */
  readonly description: string
  /** Longest text, in tokens. */
  readonly positionsMax: number
}

/**
 * `input_ids` [batch, seq] → `logits` [batch, seq, vocabulary], in one pass.
 *
 * Quantised weights keep their integers and scales: nothing is rounded again.
 *
 * @returns GGUF_UNSUPPORTED or GGUF_MODEL_INVALID when the file holds no decoder that can be run.
 */
export function ggufModel(file: GgufFile): Result<GgufModel> {
  return attempt(() => {
    const decoder = decoderOf(file)
    const parts = new GgufParts(file, decoder)
    const outline = writeDecoderGraph(new GraphWriter<GgufWeight>(), decoder, parts)
    parts.checkAllUsed()
    const formats = new Set([...file.tensors.values()].map(({ format }) => format.name))
    const forms = [...formats].toSorted().join(', ')
    const description = `GGUF, ${decoder.architecture}, ${forms}`
    return { ...outline, description, positionsMax: decoder.positionsMax }
  })
}
