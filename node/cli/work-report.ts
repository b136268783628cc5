/**
 * Where the stages of a job or of a text ran, timings of hops, losses and receipts.
 *
 * @module
 */

import type { JobHop, JobStage, JobView } from '../api/schemas/jobs.ts'
import { bytesText, msText, operationsText, shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** What stages, hops and receipts have in common, whatever was computed. */
export type WorkView = Pick<JobView, 'stages' | 'hops' | 'recoveries' | 'settlements' | 'plan'>

export interface WorkReportInit {
  /** What passes through a stage: `inputs`, or `steps` of a text. */
  readonly steps: string
  /** Cells of a line; no limit when absent. */
  readonly width?: number | undefined
}

/** Tables, each with an empty line before it. */
export function workLines(work: WorkView, init: WorkReportInit): string[] {
  return [
    ...stageLines(work.stages, init),
    ...hopLines(work.hops, init.width),
    ...recoveryLines(work),
    ...receiptLines(work, init.width),
  ]
}

/** The name of a device that runs or was to run a stage; the short form of its id for others. */
export function deviceText({ stages, plan }: WorkView, peer: string): string {
  const known = [...stages, ...(plan?.stages ?? []), ...(plan?.notChosen ?? [])]
  return known.find((one) => one.peer === peer)?.name ?? shortPeer(peer)
}

/** Before the other columns where there are several copies of the pipeline. */
const REPLICA_COLUMN = { title: 'replica' } as const

const stageColumns = (steps: string) =>
  [
    { title: 'stage' },
    { title: 'device' },
    { title: 'peer', spare: 8 },
    { title: 'layers' },
    { title: 'provider', spare: 6 },
    { title: steps, align: 'right', spare: 3 },
    { title: 'compute', align: 'right', spare: 1 },
    { title: 'transfer', align: 'right', spare: 2 },
    { title: 'in', align: 'right', spare: 5 },
    { title: 'out', align: 'right', spare: 4 },
    { title: 'weights', align: 'right', spare: 7 },
  ] as const

function stageLines(stages: readonly JobStage[], { width, steps }: WorkReportInit): string[] {
  if (stages.length === 0) return []
  const several = stages.some(({ replica }) => replica > 0)
  const rows = stages
    .toSorted(byPlace)
    .map((stage) => [
      ...(several ? [String(stage.replica)] : []),
      String(stage.index),
      stage.name,
      shortPeer(stage.peer),
      `${stage.fromLayer}–${stage.toLayer - 1}`,
      stage.provider,
      String(stage.steps),
      stage.computeMs === undefined ? '' : msText(stage.computeMs),
      stage.transferMs === undefined ? '' : msText(stage.transferMs),
      bytesText(stage.bytesIn),
      bytesText(stage.bytesOut),
      bytesText(stage.weightBytes),
    ])
  const columns = several ? [REPLICA_COLUMN, ...stageColumns(steps)] : stageColumns(steps)
  return ['', ...tableLines(columns, rows, width)]
}

function hopLines(hops: readonly JobHop[], width: number | undefined): string[] {
  if (hops.length === 0) return []
  const several = hops.some(({ replica }) => replica > 0)
  const columns = [
    { title: 'hop' },
    { title: 'bytes', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p95', align: 'right' },
  ] as const
  const rows = hops.map(({ replica, from, to, bytes, p50Ms, p95Ms }) => [
    ...(several ? [String(replica)] : []),
    `${placeText(from)} → ${placeText(to)}`,
    bytesText(bytes),
    msText(p50Ms),
    msText(p95Ms),
  ])
  return ['', ...tableLines(several ? [REPLICA_COLUMN, ...columns] : columns, rows, width)]
}

function recoveryLines(work: WorkView): string[] {
  if (work.recoveries.length === 0) return []
  const lines = work.recoveries.map(({ replica, stage, fromPeer, toPeer, ms, code }) => {
    const devices = `${deviceText(work, fromPeer)} → ${deviceText(work, toPeer)}`
    return `recovered ${stageText(work, replica, stage)} in ${msText(ms)}: ${devices} (${code})`
  })
  return ['', ...lines]
}

/** The receipts in the ledgers of both devices, by the ids that they are found by. */
function receiptLines(work: WorkView, width: number | undefined): string[] {
  if (work.settlements.length === 0) return []
  const several = work.stages.some(({ replica }) => replica > 0)
  const columns = [
    { title: 'receipt' },
    { title: 'stage' },
    { title: 'device' },
    { title: 'state' },
    { title: 'credits', align: 'right', spare: 1 },
    { title: 'operations', align: 'right', spare: 2 },
  ] as const
  const rows = work.settlements
    .toSorted((a, b) => a.replica - b.replica || a.stage - b.stage)
    .map(({ replica, id, stage, peer, state, credits, megaflops }) => [
      ...(several ? [String(replica)] : []),
      id,
      String(stage),
      deviceText(work, peer),
      state,
      String(credits),
      operationsText(megaflops),
    ])
  return ['', ...tableLines(several ? [REPLICA_COLUMN, ...columns] : columns, rows, width)]
}

/** `stage 1`, or `stage 1 of replica 0` where there are several. */
function stageText({ stages }: WorkView, replica: number, index: number): string {
  const several = stages.some((stage) => stage.replica > 0)
  return `stage ${index}${several ? ` of replica ${replica}` : ''}`
}

/** An end of a hop: `requester`, or a stage by its index. */
function placeText(end: string): string {
  return /^\d+$/.test(end) ? `stage ${end}` : end
}

function byPlace(a: JobStage, b: JobStage): number {
  return a.replica - b.replica || a.index - b.index
}
