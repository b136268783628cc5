/**
 * What a text asks of the placement.
 *
 * @module
 */

import type { CatalogueModel } from '../../models/catalogue.ts'
import type { PlanWish } from '../jobs/plan-wish.ts'

/** How a text is to be spread over devices. */
export type TextSpread = Pick<PlanWish, 'stages' | 'wire' | 'provider'> &
  Partial<Pick<PlanWish, 'objective' | 'replicas' | 'inputs' | 'requirements' | 'numericClass'>>

/**
 * The wish of one text, or as `spread` says.
 *
 * @param positions - Tokens of the prompt and of the answer together.
 */
export function textWish(model: CatalogueModel, spread: TextSpread, positions: number): PlanWish {
  const {
    stages,
    wire,
    provider,
    requirements,
    objective = 'latency',
    replicas = 1,
    inputs = 1,
    numericClass,
  } = spread
  const scale = tokenScale(model)
  return {
    stages,
    replicas,
    objective,
    wire,
    provider,
    requirements,
    inputs,
    scale,
    text: { positions },
    numericClass,
  }
}

/** One token, as a multiple of the run with which the model's costs were measured. */
export function tokenScale({ manifest }: CatalogueModel): number {
  return 1 / Math.max(1, manifest.samples[0]?.dims[1] ?? 1)
}
