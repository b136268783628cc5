/**
 * What a device says in its record of stages of one model that ran there.
 *
 * @module
 */

import { toHex } from '../../../core/bytes.ts'
import type { ModelId } from '../../../core/ids.ts'
import { FAR_POSITION } from '../../../protocols/presence/index.ts'
import type { PlannedDevice, PlanWish } from './plan-wish.ts'
import type { ToldPace } from './speed-table.ts'

/** Of texts on the processor, as that is what is told; nothing for others. The latest first. */
export function toldPaces(
  { paces }: Pick<PlannedDevice, 'paces'>,
  { id, wish }: { readonly id: ModelId; readonly wish: PlanWish },
): readonly ToldPace[] {
  const { provider, text, scale } = wish
  if (text === undefined || (provider !== 'auto' && provider !== 'cpu')) return []
  return paces
    .filter(({ model, rowUs }) => id.startsWith(toHex(model)) && rowUs > 0)
    .map(({ fromLayer, toLayer, rowUs, farUs, chunkUs }) => ({
      fromLayer,
      toLayer,
      computeMs: rowUs / 1000 / scale,
      growth: Math.max(0, farUs / rowUs - 1) / FAR_POSITION,
      ...(chunkUs === 0 ? {} : { chunkMs: chunkUs / 1000 / scale }),
    }))
}
