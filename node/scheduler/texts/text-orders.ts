/**
 * What the devices of a text are ordered to do.
 *
 * @module
 */

import { SessionOrders } from '../../receipts/session-orders.ts'
import type { TextRunnerComponents, TextWork } from './text-runner.ts'
import { tokenScale } from './text-wish.ts'

/** Rows that are computed for each token of a text, at most: guesses that were wrong are among them. */
const ROWS_PER_TOKEN_MAX = 16

/** The orders of the stages, each shown as it goes on. */
export function textOrders(
  components: TextRunnerComponents,
  { planned, generation, record }: TextWork,
): SessionOrders {
  const { sha256 } = components.crypto
  const { prompt, tokensMax } = generation
  return new SessionOrders(
    {
      ...components,
      sha256,
      onChange: (view) => record.settlements.note(0, view),
    },
    {
      mode: 'stream',
      input: () => sha256(new Uint8Array(Uint32Array.from(prompt).buffer)),
      layerFlops: planned.model.manifest.layers.map(({ flops }) => flops),
      scaleMax: ROWS_PER_TOKEN_MAX * (prompt.length + tokensMax) * tokenScale(planned.model),
      replaysAll: true,
    },
  )
}
