/**
 * A head that computes logits only for the rows that are asked for.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { node } from '../onnx/author.ts'
import type { NodeProto } from '../onnx/proto.ts'
import { LOGITS, ROWS } from '../text/decoder-tensors.ts'

const PRODUCTS: ReadonlySet<unknown> = new Set(['MatMul', 'MatMulNBits'])
const ALONG = { attributes: { axis: 1 } }

/** The rows are taken before the last product where there is one, else of the logits themselves. */
export function withWantedRows(graph: Graph, nodes: readonly NodeProto[]): readonly NodeProto[] {
  const makers = new Map(nodes.flatMap((one) => one.output.map((name) => [name, one] as const)))
  const last = lastProduct(graph, makers)
  if (last === undefined) return rowsOfLogits(nodes)
  const [from = '', ...others] = last.input
  const wanted = node('Gather', [from, ROWS], ['stream.rows'], ALONG)
  return nodes.flatMap((one) =>
    one === last ? [wanted, { ...one, input: ['stream.rows', ...others] }] : [one],
  )
}

function rowsOfLogits(nodes: readonly NodeProto[]): readonly NodeProto[] {
  const all = `${LOGITS}.all`
  const made = nodes.map((one) => ({
    ...one,
    output: one.output.map((name) => (name === LOGITS ? all : name)),
  }))
  return [...made, node('Gather', [all, ROWS], [LOGITS], ALONG)]
}

/** The product that logits come from, behind nothing but sums with weights and changes of type. */
function lastProduct(graph: Graph, makers: ReadonlyMap<string, NodeProto>): NodeProto | undefined {
  const seen = new Set<NodeProto>()
  let maker = makers.get(LOGITS)
  while (maker !== undefined && !seen.has(maker)) {
    if (PRODUCTS.has(maker.opType)) return maker
    if (maker.opType !== 'Add' && maker.opType !== 'Cast') return undefined
    seen.add(maker)
    const [from, ...others] = maker.input.filter((name) => !graph.weights.has(name))
    maker = from === undefined || others.length > 0 ? undefined : makers.get(from)
  }
  return undefined
}
