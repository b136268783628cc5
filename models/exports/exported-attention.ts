/**
 * The attention of an exported decoder, given the lengths that our sessions know in place of masks.
 *
 * @module
 */

import { attributeOf, type Graph } from '../graph/graph.ts'
import { subgraphs } from '../graph/captured-names.ts'
import { tensorShape } from '../graph/tensor-content.ts'
import type { NodeProto } from '../onnx/proto.ts'
import { LAST_POSITIONS, pastNames, presentNames, TOTAL_LENGTH } from '../text/decoder-tensors.ts'
import { unsupported } from './unsupported.ts'

const ATTENTION = 'GroupQueryAttention'
/** Where inputs of GroupQueryAttention stand. */
const PAST = 3
const COSINES = 7
const SINES = 8
const POSITIONS = 9

/** All nodes; those that attend take past, lengths and nothing of a mask. */
export function attentionNodes(graph: Graph, layers: number): readonly NodeProto[] {
  if (graph.nodes.some((node) => subgraphs(node).length > 0)) {
    unsupported('no branches and no loops')
  }
  let layer = 0
  const nodes = graph.nodes.map((node) => {
    if (node.opType !== ATTENTION) return node
    const attending = withLengths(node, layer)
    layer++
    return attending
  })
  if (layer !== layers) unsupported(`${ATTENTION} in each of its layers`)
  return nodes
}

function withLengths(node: NodeProto, layer: number): NodeProto {
  const { key, value } = pastNames(layer)
  const present = presentNames(layer)
  const [, , , pastKey, pastValue] = node.input
  const [, presentKey, presentValue] = node.output
  const isOwn =
    pastKey === `past_key_values.${layer}.key` && pastValue === `past_key_values.${layer}.value`
  if (!isOwn || presentKey !== present.key || presentValue !== present.value) {
    unsupported('caches in the order of its layers')
  }
  // Positions of a text without gaps are those that it counts itself; a bias would be another attention.
  if (node.input.slice(POSITIONS + 1).some((name) => name !== '')) {
    unsupported('attention without a bias')
  }
  const tables = [node.input[COSINES] ?? '', node.input[SINES] ?? '']
  const rotary = tables.every((name) => name !== '') ? tables : []
  const lengths = [LAST_POSITIONS, TOTAL_LENGTH]
  return { ...node, input: [...node.input.slice(0, PAST), key, value, ...lengths, ...rotary] }
}

/** Positions of the shortest table that turns them. */
export function positionsIn(graph: Graph): number {
  const rows = graph.nodes.flatMap((node) => {
    const table = node.input[node.opType === ATTENTION ? COSINES : 2]
    const turns =
      node.opType === 'RotaryEmbedding' ||
      (node.opType === ATTENTION && Number(attributeOf(node, 'do_rotary')?.i ?? 0) === 1)
    const tensor = table === undefined || !turns ? undefined : graph.initializers.get(table)
    return tensor === undefined ? [] : (tensorShape(tensor)?.dims[0] ?? [])
  })
  return rows.length === 0 ? unsupported('tables of its positions') : Math.min(...rows)
}
