/**
 * What the logits of a decoder are made of: the last hidden state, behind its last norm.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { namesAt, type LiveTensor } from '../graph/liveness.ts'
import type { CutTensor } from '../manifest/manifest.ts'
import { refuse } from '../refuse.ts'
import { LOGITS, ROWS } from './decoder-tensors.ts'

const PRODUCTS: ReadonlySet<unknown> = new Set(['MatMul', 'MatMulNBits', 'Gemm'])

/** The nodes of a stage with the head, by their indexes and in order, and where they stand. */
export interface HeadNodes {
  readonly nodes: readonly number[]
  /** Position of the first of them. */
  readonly start: number
  /** What of the stage stays where it is: it is made as well. */
  readonly kept: ReadonlySet<string>
}

/** The nodes that make the last hidden state, and the tensor that it is. */
export interface HiddenHead {
  readonly nodes: readonly number[]
  readonly sends: readonly CutTensor[]
}

/**
 * A stage with the head that ends before the logits: [batch, rows, hidden], a row for each that is asked for.
 *
 * Refuses, inside an attempt, a head whose logits come from no product with the rows that are asked for.
 *
 * @param stream - What crosses the cut before the head.
 */
export function hiddenHead(
  graph: Graph,
  live: readonly LiveTensor[],
  { nodes, start, kept }: HeadNodes,
  stream: CutTensor | undefined,
): HiddenHead {
  const factors = new Set(
    nodes
      .filter((node) => PRODUCTS.has(graph.nodes[node]?.opType))
      .flatMap((node) => graph.needs[node] ?? []),
  )
  for (let position = start + nodes.length - 1; position > start; position--) {
    const [name = LOGITS, ...others] = namesAt(graph, live, position)
    if (others.length > 0 || name === LOGITS || !factors.has(name)) continue
    const needed = makersOf(graph, nodes, new Set([name, ...kept]))
    const asked = needed.some((node) => graph.needs[node]?.includes(ROWS) === true)
    if (asked && stream !== undefined) return { nodes: needed, sends: [{ ...stream, name }] }
  }
  return refuse('MODELS_DECODER_UNSUPPORTED', 'expected logits that are a product of one tensor')
}

/** Those of `nodes` that make `names`, directly or through others. */
function makersOf(
  graph: Graph,
  nodes: readonly number[],
  names: ReadonlySet<string>,
): readonly number[] {
  const wanted = new Set(names)
  const makers = nodes.toReversed().filter((node) => {
    if (graph.nodes[node]?.output.some((name) => wanted.has(name)) !== true) return false
    for (const name of graph.needs[node] ?? []) wanted.add(name)
    return true
  })
  return makers.toReversed()
}
