/**
 * Norms apart from the sums before them, so that nothing but the sum crosses between two layers.
 *
 * @module
 */

import { attributeOf } from '../graph/graph.ts'
import { node } from '../onnx/author.ts'
import type { NodeProto } from '../onnx/proto.ts'

const EPSILON = 1e-12

/** SkipSimplifiedLayerNormalization as the nodes that it is made of. */
export function unfused(nodes: readonly NodeProto[]): readonly NodeProto[] {
  return nodes.flatMap((one) =>
    one.opType === 'SkipSimplifiedLayerNormalization' ? sumAndNorm(one) : [one],
  )
}

function sumAndNorm(fused: NodeProto): readonly NodeProto[] {
  const [input = '', skip = '', weight = '', bias = ''] = fused.input
  const [normal = '', , , given = ''] = fused.output
  const sum = given === '' ? `${normal}.sum` : given
  const norm = node('SimplifiedLayerNormalization', [sum, weight], [normal], {
    attributes: { axis: -1, epsilon: { float: epsilonOf(fused) }, stash_type: 1 },
  })
  if (bias === '') return [node('Add', [input, skip], [sum]), norm]
  const plain = `${sum}.unbiased`
  return [node('Add', [input, skip], [plain]), node('Add', [plain, bias], [sum]), norm]
}

function epsilonOf(fused: NodeProto): number {
  return attributeOf(fused, 'epsilon')?.f ?? EPSILON
}
