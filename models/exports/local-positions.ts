/**
 * Positions that a decoder computes where it turns queries and keys, instead of taking them as an input.
 *
 * @module
 */

import { attributeOf } from '../graph/graph.ts'
import { node } from '../onnx/author.ts'
import type { NodeProto } from '../onnx/proto.ts'
import { TOTAL_LENGTH } from '../text/decoder-tensors.ts'

/** ONNX's number of int64. */
const INT64 = 7

/** Each node that turns by positions gets the first one of its step, and counts on from there. */
export function withLocalPositions(nodes: readonly NodeProto[]): readonly NodeProto[] {
  return nodes.flatMap((one, index) => {
    if (one.opType !== 'RotaryEmbedding' || one.domain !== 'com.microsoft') return [one]
    const [turned = '', , ...tables] = one.input
    const name = `positions.${index}`
    // Heads that are apart make a fourth axis before the tokens.
    const axis = Number(attributeOf(one, 'num_heads')?.i ?? 0) > 0 ? 1 : 2
    const tokens = { attributes: { start: axis, end: axis + 1 } }
    return [
      node('Cast', [TOTAL_LENGTH], [`${name}.total`], { attributes: { to: INT64 } }),
      node('Shape', [turned], [`${name}.tokens`], tokens),
      node('Sub', [`${name}.total`, `${name}.tokens`], [`${name}.first`]),
      { ...one, input: [turned, `${name}.first`, ...tables] },
    ]
  })
}
