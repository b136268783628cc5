/**
 * What a stage's graph asks for beside the tensors that cross its cuts, when it is part of a text.
 *
 * @module
 */

import type { TensorSpec } from '../../core/tensor.ts'
import {
  addedName,
  isCacheName,
  KEPT_ROWS,
  LAST_POSITIONS,
  LOGITS,
  NEW_ROWS,
  ROWS,
  TEXT_ROWS,
  TOTAL_LENGTH,
} from '../../models/index.ts'
import type { CachedTensor } from './text-cache.ts'

export interface TextGraph {
  readonly cached: readonly CachedTensor[]
  /** Names of inputs that every device fills itself. */
  readonly local: ReadonlySet<string>
  /** Names of outputs that stay here. */
  readonly kept: ReadonlySet<string>
  /** True where keys and values come out for new rows only, to be put into their place; else they are written there. */
  readonly adds: boolean
  /** True at the stage that draws tokens. */
  readonly draws: boolean
  /** True at the stage that gives the mean of its rows instead. */
  readonly pools: boolean
  /** True when a run takes rows of several texts: where it attends to none, they are all the same to it. */
  readonly several: boolean
}

/** What `inputs` and `outputs` of a stage's graph say; one that only looks tokens up says nothing. */
export function textGraphOf(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
): TextGraph {
  const adds = inputs.some(({ name }) => name === NEW_ROWS)
  const cached = inputs.flatMap(({ name, dims }): readonly CachedTensor[] => {
    const [heads, , headSize] = dims.slice(-3)
    const fits = isCacheName(name) && typeof heads === 'number' && typeof headSize === 'number'
    if (!fits) return []
    const present = name.replace('past', 'present')
    return [{ past: name, present: adds ? addedName(present) : present, heads, headSize }]
  })
  const places = [LAST_POSITIONS, TOTAL_LENGTH, ROWS, TEXT_ROWS, NEW_ROWS, KEPT_ROWS]
  const own = new Set([...places, ...cached.map(({ past }) => past)])
  const local = inputs.map(({ name }) => name).filter((name) => own.has(name))
  const picks = local.includes(ROWS)
  return {
    cached,
    local: new Set(local),
    kept: new Set(cached.map(({ present }) => present)),
    adds,
    draws: picks && outputs.some(({ name }) => name === LOGITS),
    several: local.includes(TEXT_ROWS) || !local.some((name) => name !== ROWS),
    pools: picks && !outputs.some(({ name }) => name === LOGITS),
  }
}
