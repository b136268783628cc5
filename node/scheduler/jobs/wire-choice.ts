/**
 * How floats cross the cuts of a session, and why: float32 where links are quick, binary16 where one
 * of them is slow.
 *
 * One type holds for all cuts of a session: with binary16 its outputs are those of a run that rounds
 * at the same cuts.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { LinkTable } from './link-table.ts'

export interface WireChoice {
  readonly wire: 'f32' | 'f16'
  /** In words, for people. */
  readonly why: string
}

/** Below this rate activations cross as binary16 unless the job says otherwise, in Mbit/s. */
const SLOW_LINK_MBPS = 100

/** @param pipelines - The holders of the stages of each, in order. */
export function chooseWire(
  wish: 'auto' | 'f32' | 'f16',
  pipelines: readonly (readonly PeerId[])[],
  links: Pick<LinkTable, 'rate'>,
): WireChoice {
  if (wish !== 'auto') return { wire: wish, why: 'as it was asked for' }
  const ways = pipelines.flatMap((peers) =>
    peers.slice(1).map((to, index) => ({ from: peers[index] ?? to, to })),
  )
  const cuts = ways.filter(({ from, to }) => from !== to)
  if (cuts.length === 0) return { wire: 'f32', why: 'nothing crosses a link' }
  const rates = cuts.flatMap(({ from, to }) => links.rate(from, to) ?? [])
  if (rates.length === 0) return { wire: 'f32', why: 'no link between the stages was measured yet' }
  const slowest = Math.round(Math.min(...rates))
  return slowest < SLOW_LINK_MBPS
    ? { wire: 'f16', why: `a link carries ${slowest} Mbit/s` }
    : { wire: 'f32', why: `links carry ${slowest} Mbit/s or more` }
}
