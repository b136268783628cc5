/**
 * The edges of a large walk in the order in which a processor is quickest with them: by where they lead.
 *
 * Mass arrives at nodes all over memory. Where that is more than the cache of a core holds, a walk along rows does little
 * but wait. So edges are put into blocks by their targets, whose masses stay in the cache while one block is walked
 * (Zhang et al. 2017, "Making caches work for graph analytics"). Masses are integers: the order of
 * additions changes nothing.
 *
 * An edge is one word: how many nodes its source is after that of the edge before it, its weight, and its target in the
 * block. A longer way from source to source is bridged by edges without weight.
 *
 * @module
 */

import type { WalkGraph } from './walk.ts'

/** Nodes of a block: half a megabyte of masses, so that a cache of one megabyte holds them and what streams by. */
export const BLOCK_NODES: number = 2 ** 16

const TARGET_BITS = 16
/** A weight is at most ROW_SUM. */
const WEIGHT_BITS = 13
const STEP_SHIFT: number = TARGET_BITS + WEIGHT_BITS
const STEP_MAX: number = 2 ** (32 - STEP_SHIFT) - 1
const TARGET_MASK: number = 2 ** TARGET_BITS - 1
const WEIGHT_MASK: number = 2 ** WEIGHT_BITS - 1
const BRIDGE: number = STEP_MAX * 2 ** STEP_SHIFT

/** A graph by blocks. */
export interface WalkBlocks {
  /** The words of block i are those from `starts[i]` to before `starts[i + 1]`. */
  readonly starts: Uint32Array
  readonly words: Uint32Array
  readonly blockNodes: number
}

/**
 * The graph by blocks; undefined where nodes have so few edges that bridges would be half as many.
 *
 * @param blockNodes - Targets of one block, a power of two up to {@link BLOCK_NODES}.
 */
export function walkBlocksOf(
  graph: WalkGraph,
  blockNodes: number = BLOCK_NODES,
): WalkBlocks | undefined {
  const { offsets, targets, weights } = graph
  const starts = startsOf(graph, blockNodes)
  const size = starts.at(-1) ?? 0
  if (size > 1.5 * targets.length) return undefined
  const words = new Uint32Array(size)
  const filled = starts.slice()
  const sources = new Uint32Array(starts.length)
  const shift = shiftOf(blockNodes)
  for (let node = 0; node + 1 < offsets.length; node++) {
    const end = offsets[node + 1] as number
    for (let edge = offsets[node] as number; edge < end; edge++) {
      const target = targets[edge] as number
      const block = target >>> shift
      let at = filled[block] as number
      let steps = node - (sources[block] as number)
      for (; steps > STEP_MAX; steps -= STEP_MAX) words[at++] = BRIDGE
      const place = ((weights[edge] as number) << TARGET_BITS) | (target & (blockNodes - 1))
      words[at] = (steps << STEP_SHIFT) | place
      filled[block] = at + 1
      sources[block] = node
    }
  }
  return { starts, words, blockNodes }
}

/** Where each block begins with its bridges, and where the last one ends. */
function startsOf({ offsets, targets }: WalkGraph, blockNodes: number): Uint32Array {
  const nodes = offsets.length - 1
  const blocks = Math.ceil(nodes / blockNodes)
  const counts = new Uint32Array(blocks)
  const sources = new Uint32Array(blocks)
  const shift = shiftOf(blockNodes)
  for (let node = 0; node < nodes; node++) {
    const end = offsets[node + 1] as number
    for (let edge = offsets[node] as number; edge < end; edge++) {
      const block = (targets[edge] as number) >>> shift
      const steps = node - (sources[block] as number)
      const bridges = steps > STEP_MAX ? Math.ceil(steps / STEP_MAX) - 1 : 0
      counts[block] = (counts[block] as number) + 1 + bridges
      sources[block] = node
    }
  }
  const starts = new Uint32Array(blocks + 1)
  for (const [block, count] of counts.entries()) {
    starts[block + 1] = (starts[block] as number) + count
  }
  return starts
}

function shiftOf(blockNodes: number): number {
  return 31 - Math.clz32(blockNodes)
}

/**
 * Adds to `next` what moves along all edges.
 *
 * @param moving - What moves of each node, divided by the sum of a row: times a weight it is exact.
 */
export function spreadBlocks(
  { starts, words, blockNodes }: WalkBlocks,
  moving: Float64Array,
  next: Float64Array,
): void {
  for (let block = 0; block + 1 < starts.length; block++) {
    const first = block * blockNodes
    const masses = next.subarray(first, first + blockNodes)
    spreadBlock(words.subarray(starts[block], starts[block + 1]), moving, masses)
  }
}

function spreadBlock(words: Uint32Array, moving: Float64Array, masses: Float64Array): void {
  let source = 0
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as number
    source += word >>> STEP_SHIFT
    const part = Math.floor((moving[source] as number) * ((word >>> TARGET_BITS) & WEIGHT_MASK))
    const target = word & TARGET_MASK
    masses[target] = (masses[target] as number) + part
  }
}
