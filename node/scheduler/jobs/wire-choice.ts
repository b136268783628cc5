/**
 * How floats cross each cut of a plan, and why: float32 where its link is quick, binary16 where it is
 * slow and rounding makes a step quicker.
 *
 * With float32 at every cut the outputs are those of the model in one piece; otherwise those of a run
 * that rounds at the same cuts.
 *
 * @module
 */

import type { WireType } from '../../../protocols/inference/index.ts'
import { withRoundedCuts } from '../placement/forecast.ts'
import type { PlacementRequest, Plan, PlanStage } from '../placement/plan.ts'
import type { LinkTable } from './link-table.ts'

/** How floats cross the cut behind a layer. */
export interface LayerWire {
  readonly layer: number
  readonly wire: WireType
}

/** What is asked for: a type for all cuts, those that a text was begun with, or what links say. */
export type WireWish = 'auto' | WireType | readonly LayerWire[]

/** How floats cross the cuts of each replica, from the first cut on. */
export interface WireChoice {
  readonly wires: readonly (readonly WireType[])[]
  /** In words, for people. */
  readonly wireWhy: string
}

/** From this rate on floats cross as they are unless the job says otherwise, in Mbit/s. */
const QUICK_LINK_MBPS = 100

/** Part of a step that rounding at a cut has to save: for less, equal bits are worth more. */
const SAVED_SHARE_MIN = 0.002

interface CutLink {
  readonly layer: number
  /** In Mbit/s; undefined within one device, and where nothing was measured. */
  readonly mbps: number | undefined
  readonly isLink: boolean
  /** Part of a step that rounding saves. */
  readonly savedShare: number
}

/** Chooses for every cut of `plan`, and puts what is chosen into the plan and its request. */
export function chooseWires(
  wish: WireWish,
  { request, plan }: { readonly request: PlacementRequest; readonly plan: Plan },
  links: Pick<LinkTable, 'rate'>,
): WireChoice & { readonly request: PlacementRequest; readonly plan: Plan } {
  const cuts = plan.replicas.map((stages) => cutLinks(request, { plan, stages }, links))
  const wires = cuts.map((each) => each.map((cut) => wireOf(wish, cut)))
  const wireWhy = whyOf(wish, cuts.flat(), wires.flat())
  if (!wires.flat().includes('f16')) return { wires, wireWhy, request, plan }
  const rounded = cuts.map(
    (each, replica) =>
      new Set(each.flatMap(({ layer }, cut) => (wires[replica]?.[cut] === 'f16' ? layer : []))),
  )
  return {
    wires,
    wireWhy,
    request: { ...request, roundedCuts: rounded[0] ?? new Set() },
    plan: withRoundedCuts(request, plan, rounded),
  }
}

function cutLinks(
  { layers }: PlacementRequest,
  { plan, stages }: { readonly plan: Plan; readonly stages: readonly PlanStage[] },
  links: Pick<LinkTable, 'rate'>,
): readonly CutLink[] {
  return stages.slice(1).map(({ peer: to }, index) => {
    const { peer: from, toLayer: layer } = stages[index] as PlanStage
    const isLink = from !== to
    const mbps = isLink ? links.rate(from, to) : undefined
    const { cutBytes = 0, roundedBytes = cutBytes } = layers[layer - 1] ?? {}
    const savedMs = (8 * (cutBytes - roundedBytes)) / (1000 * (mbps ?? Infinity))
    return { layer, mbps, isLink, savedShare: savedMs / plan.predictedLatencyMs }
  })
}

function wireOf(wish: WireWish, { layer, mbps = Infinity, savedShare }: CutLink): WireType {
  if (wish === 'auto') {
    return mbps < QUICK_LINK_MBPS && savedShare >= SAVED_SHARE_MIN ? 'f16' : 'f32'
  }
  if (wish === 'f32' || wish === 'f16') return wish
  return wish.find((each) => each.layer === layer)?.wire ?? 'f32'
}

function whyOf(wish: WireWish, cuts: readonly CutLink[], wires: readonly WireType[]): string {
  if (wish === 'f32' || wish === 'f16') return 'as it was asked for'
  if (wish !== 'auto') return 'as the text was begun'
  if (!cuts.some(({ isLink }) => isLink)) return 'nothing crosses a link'
  const rates = cuts.flatMap(({ mbps }) => mbps ?? [])
  if (rates.length === 0) return 'no link between the stages was measured yet'
  const slowest = Math.round(Math.min(...rates))
  if (wires.includes('f16')) return `a link carries ${slowest} Mbit/s`
  return slowest < QUICK_LINK_MBPS
    ? `a link carries ${slowest} Mbit/s, which is enough for its cut`
    : `links carry ${slowest} Mbit/s or more`
}

/** The type that all cuts have in common. */
export function commonWire(wires: WireChoice['wires']): WireType | 'mixed' {
  const [first = 'f32', ...others] = wires.flat()
  return others.every((wire) => wire === first) ? first : 'mixed'
}

/** Equal for equal cuts. */
export function wiresKey(wires: WireChoice['wires']): string {
  return wires.map((each) => each.join('-')).join('+')
}
