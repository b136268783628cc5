/**
 * Orders in which a graph's nodes may run, the fixed ones left out.
 *
 * @module
 */

import type { Graph } from './graph.ts'

/** The order of the file. */
export function fileOrder(graph: Graph): readonly number[] {
  return graph.nodes
    .keys()
    .filter((index) => !graph.fixed.has(index))
    .toArray()
}

/**
 * Depth first from the outputs, each node right after what it needs.
 *
 * Exporters often put side branches early, where they stay alive for long; this
 * order shortens many of them. Nodes that no output needs are left out.
 */
export function depthFirstOrder(graph: Graph): readonly number[] {
  const order: number[] = []
  const seen = new Set(graph.fixed)
  const path: { readonly node: number; next: number }[] = []
  const enter = (name: string): void => {
    const node = graph.producers.get(name)
    if (node === undefined || seen.has(node)) return
    seen.add(node)
    path.push({ node, next: 0 })
  }
  for (const output of graph.outputs) {
    enter(output)
    // An explicit path, for a chain of nodes may be longer than the stack.
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const name = graph.needs[top.node]?.[top.next++]
      if (name !== undefined) {
        enter(name)
        continue
      }
      order.push(top.node)
      path.pop()
    }
  }
  return order
}
