/**
 * Where a text was written and how long that took, in the headers of an answer.
 *
 * @module
 */

import type { PlanView } from '../schemas/plan.ts'
import type { TextView } from '../schemas/texts.ts'

type Place = Pick<PlanView['stages'][number], 'name' | 'fromLayer' | 'toLayer'>

/**
 * The stages in order, each as the name of its device and its layers.
 *
 * @example
 * ```ts
 * routeText([{ name: 'calm heron', fromLayer: 0, toLayer: 4 }]) // => 'calm%20heron/0-3'
 * ```
 */
export function routeText(stages: readonly Place[]): string {
  return stages
    .map(
      ({ name, fromLayer, toLayer }) => `${encodeURIComponent(name)}/${fromLayer}-${toLayer - 1}`,
    )
    .join(', ')
}

/** Server-Timing of a text (W3C Server Timing, section 2): what it took in all, at stages and between. */
export function serverTiming({ times, stages, hops }: TextView): string {
  const entries: (string | undefined)[] = [
    timing('load', times.loadMs),
    timing('first-token', times.firstTokenMs),
    timing('total', times.totalMs),
    ...stages.map(({ index, name, computeMs }) =>
      timing(`stage-${index}`, computeMs, encodeURIComponent(name)),
    ),
    ...hops.map(({ from, to, p50Ms }, index) => timing(`hop-${index}`, p50Ms, `${from} to ${to}`)),
  ]
  return entries.filter((entry) => entry !== undefined).join(', ')
}

function timing(name: string, ms: number | undefined, description?: string): string | undefined {
  if (ms === undefined) return undefined
  const duration = `${name};dur=${Number(ms.toFixed(3))}`
  return description === undefined ? duration : `${duration};desc="${description}"`
}
