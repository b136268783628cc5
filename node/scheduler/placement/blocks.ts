/**
 * Puts neighbouring layers together where a model has more of them than a search can look at.
 *
 * @module
 */

import type { PlacementLayer } from './plan.ts'

/**
 * Layers at which blocks begin, and the number of layers at the end: at most `blocksMax` blocks.
 *
 * Each round joins the two neighbours that are lightest together; of equally light ones, those
 * with the widest cut between them.
 *
 * @example
 * ```ts
 * const layer = { flops: 1, weightBytes: 0, cutBytes: 8 }
 * blocksOf([layer, layer, layer], 3) // => [0, 1, 2, 3]
 * blocksOf([layer, { ...layer, cutBytes: 9 }, layer], 2) // => [0, 1, 3]
 * ```
 */
export function blocksOf(layers: readonly PlacementLayer[], blocksMax: number): number[] {
  const flops = total(layers.map((layer) => layer.flops))
  const weight = total(layers.map((layer) => layer.weightBytes))
  const blocks: Block[] = layers.map((layer, start) => ({
    start,
    share: layer.flops / flops + layer.weightBytes / weight,
    cutBytes: layer.cutBytes,
  }))
  while (blocks.length > blocksMax) {
    const at = lightestPair(blocks)
    const [first, second] = blocks.slice(at, at + 2)
    if (first === undefined || second === undefined) break
    const { start } = first
    blocks.splice(at, 2, { ...second, start, share: first.share + second.share })
  }
  return [...blocks.map(({ start }) => start), layers.length]
}

interface Block {
  readonly start: number
  /** Part of all work plus part of all weights. */
  readonly share: number
  readonly cutBytes: number
}

function lightestPair(blocks: readonly Block[]): number {
  let lightest = 0
  let lowest = Number.POSITIVE_INFINITY
  let widest = -1
  for (let at = 0; at + 1 < blocks.length; at++) {
    const share = (blocks[at]?.share ?? 0) + (blocks[at + 1]?.share ?? 0)
    const cutBytes = blocks[at]?.cutBytes ?? 0
    if (share < lowest || (share === lowest && cutBytes > widest)) {
      lightest = at
      lowest = share
      widest = cutBytes
    }
  }
  return lightest
}

/** At least 1, so that shares of nothing are 0. */
function total(values: readonly number[]): number {
  return Math.max(
    1,
    values.reduce((sum, value) => sum + value, 0),
  )
}
