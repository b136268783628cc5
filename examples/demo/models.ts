/**
 * The models of the demo, and how each is cut and copied over the devices.
 *
 * @module
 */

import { TEXT_NETWORK_FILES } from '../text-recognition/networks.ts'
import type { TextNetwork } from '../text-recognition/text-recogniser.ts'
import type { ImportRequest } from '../../node/api/schemas/models.ts'
import type { PlanRequest } from '../../node/api/schemas/plan.ts'

/** A network as the mesh knows it. */
export interface DemoModel {
  readonly network: TextNetwork
  /** What it does, for people. */
  readonly purpose: string
  readonly import: ImportRequest & { readonly name: string }
  /** How it is to be cut and copied. */
  readonly layout: PlanRequest
  /** The same in words. */
  readonly wish: string
}

/** Paddle's names for the sizes that it left open: batch, then height and width, or width alone. */
const [BATCH, SECOND, THIRD] = [0, 1, 2].map((n) => `p2o.DynamicDimension.${n}`) as [
  string,
  string,
  string,
]

const LICENCE = 'Apache-2.0'

/** In the order in which a page needs them. The sizes are typical ones, for planning. */
export const DEMO_MODELS: readonly DemoModel[] = [
  {
    network: 'det',
    purpose: 'finds lines of text',
    import: {
      name: 'text-detection',
      file: TEXT_NETWORK_FILES.det,
      licence: LICENCE,
      dims: { [BATCH]: 1, [SECOND]: 544, [THIRD]: 736 },
    },
    layout: layout('text-detection', 3, 1),
    wish: 'cut into 3 stages',
  },
  {
    network: 'cls',
    purpose: 'tells which are upside down',
    import: {
      name: 'text-angle',
      file: TEXT_NETWORK_FILES.cls,
      licence: LICENCE,
      dims: { [BATCH]: 1, [SECOND]: 48, [THIRD]: 192 },
    },
    layout: layout('text-angle', 1, 4),
    wish: 'whole, in 4 copies',
  },
  {
    network: 'rec',
    purpose: 'reads them',
    import: {
      name: 'text-recognition',
      file: TEXT_NETWORK_FILES.rec,
      licence: LICENCE,
      dims: { [BATCH]: 1, [SECOND]: 640 },
    },
    layout: layout('text-recognition', 2, 2),
    wish: 'cut into 2 stages, in 2 copies',
  },
]

/** Exact values at the cuts and one kind of arithmetic, so that a replaced stage changes no bit. */
function layout(model: string, stages: number, replicas: number): PlanRequest {
  return { model, stages, replicas, wire: 'f32', objective: 'throughput', provider: 'cpu' }
}
