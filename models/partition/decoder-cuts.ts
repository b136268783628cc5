/**
 * Where a decoder that generates is cut: between its layers, where nothing but the residual stream crosses.
 *
 * Embedding and head are layers of their own, for their weights are large and they run once for each token.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { widths, type LiveTensor } from '../graph/liveness.ts'
import { LAYERS_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'
import { LOGITS, pastNames, streamName, TOKENS } from '../text/decoder-tensors.ts'
import type { TextOutline } from '../text/text-outline.ts'

/** Layers of a model that are neither its embedding nor its head. */
const INNER_LAYERS_MAX = LAYERS_MAX - 2

/** Positions of the cuts, both ends among them: one layer each, or several where LAYERS_MAX asks for it. */
export function decoderPositions(
  graph: Graph,
  live: readonly LiveTensor[],
  { attentionLayers }: TextOutline,
): readonly number[] {
  const end = graph.nodes.length - graph.fixed.size
  const counts = widths(live, end + 1, () => 1)
  const tensors = new Map(live.map((tensor) => [tensor.name, tensor]))
  /** The first position where this tensor is alone. */
  const alone = (name: string): number => {
    const { first, last } = tensors.get(name) ?? NOWHERE
    for (let position = first; position <= last; position++) {
      if (counts[position] === 1) return position
    }
    return refuse('ONNX_UNSUPPORTED', 'expected one tensor at each cut of a decoder')
  }
  if (alone(TOKENS) !== 0) refuse('ONNX_UNSUPPORTED', 'expected tokens at the first cut')
  if (tensors.get(LOGITS)?.last !== end || counts[end] !== 1) {
    refuse('ONNX_UNSUPPORTED', 'expected logits at the last cut')
  }
  const each = Math.ceil(attentionLayers / INNER_LAYERS_MAX)
  const layers = Array.from({ length: attentionLayers + 1 }, (_, layer) => layer)
  const chosen = layers.filter((layer) => layer % each === 0 || layer === attentionLayers)
  return [0, ...chosen.map((layer) => alone(streamName(layer))), end]
}

const NOWHERE = { first: 0, last: -1 }

/** How many caches each layer of the model holds: its nodes are given, by their indexes. */
export function cachesOfLayers(
  graph: Graph,
  layers: readonly (readonly number[])[],
  { attentionLayers }: TextOutline,
): readonly number[] {
  let next = 0
  const caches = layers.map((nodes) => {
    const needed = new Set(nodes.flatMap((node) => graph.needs[node] ?? []))
    const first = next
    while (next < attentionLayers && needed.has(pastNames(next).key)) next++
    return next - first
  })
  if (next < attentionLayers) refuse('ONNX_UNSUPPORTED', 'expected caches in the order of layers')
  return caches
}
