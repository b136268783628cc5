/**
 * Finds the residual stream of a decoder in which it has other names.
 *
 * @module
 */

import type { Graph } from '../graph/graph.ts'
import { liveTensors, widths, type LiveTensor } from '../graph/liveness.ts'
import { fileOrder } from '../graph/order.ts'
import { pastNames, streamName, TOKENS } from '../text/decoder-tensors.ts'
import type { TextOutline } from '../text/text-outline.ts'
import { unsupported } from './unsupported.ts'

/**
 * The names of the streams before each layer and behind the last, each with its name by convention.
 *
 * Before a layer it is the last tensor that is alone before the layer attends. Behind the last one it is the
 * last sum that is alone: what the head makes of it is alone too, but no longer of two.
 */
export function streamNames(
  graph: Graph,
  local: ReadonlySet<string>,
  { attentionLayers }: TextOutline,
): ReadonlyMap<string, string> {
  const order = fileOrder(graph)
  const live = liveTensors(graph, order, local)
  const counts = widths(live, order.length + 1, () => 1)
  const alone = aloneAt(live, counts)
  const names = new Map<string, string>()
  let position = 1
  for (let layer = 0; layer < attentionLayers; layer++) {
    const { key } = pastNames(layer)
    const attends = (at: number): boolean => graph.needs[order[at] ?? -1]?.includes(key) ?? false
    let end = position
    while (end < order.length && !attends(end)) end++
    const before = alone.slice(position, end + 1).filter((name) => name !== undefined)
    add(names, before.at(-1), layer)
    position = end + 1
  }
  const sums = alone.slice(position, order.length).filter((name, index) => {
    const joined = (counts[position + index - 1] ?? 0) > 1
    return name !== undefined && joined
  })
  add(names, sums.at(-1), attentionLayers)
  return names
}

/** For each position, the tensor that is alone there: the sum of indexes is then its own. */
function aloneAt(
  live: readonly LiveTensor[],
  counts: readonly number[],
): readonly (string | undefined)[] {
  const indexes = new Map(live.map(({ name }, index) => [name, index]))
  const sums = widths(live, counts.length, (name) => indexes.get(name) ?? 0)
  return counts.map((count, position) =>
    count === 1 ? live[sums[position] ?? -1]?.name : undefined,
  )
}

function add(names: Map<string, string>, found: string | undefined, layer: number): void {
  if (found === undefined || found === TOKENS || names.has(found)) {
    unsupported('nothing but one stream between two layers')
  } else names.set(found, streamName(layer))
}
