/**
 * What a job did, in words and columns: results, where each stage ran, timings of hops, receipts.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { JobHop, JobStage, JobView } from '../api/schemas/jobs.ts'
import { bytesText, countText, msText, rateText, shortId, shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'
import { tensorText } from './tensor-text.ts'

/** What a report holds beside the job itself. */
export interface ReportExtras {
  /** Files that the outputs were written to. */
  readonly files?: readonly string[]
  /** Output tensors to show, by input. */
  readonly outputs?: readonly (readonly Tensor[])[]
  /** Cells of a line; no limit when absent. */
  readonly width?: number | undefined
}

/** The report of a job. Its notes are not in it: they were said while it ran. */
export function jobReport(job: JobView, extras: ReportExtras = {}): string[] {
  const { files = [], outputs = [], width } = extras
  return [
    headline(job),
    ...firstOf(
      job.outputs.map(({ input, sha256, bytes }) => [
        `  output ${input}  sha256 ${sha256}  ${bytesText(bytes)}`,
        ...(outputs[input] ?? []).map((tensor) => `    ${tensorText(tensor)}`),
      ]),
      'outputs',
    ),
    ...firstOf(
      files.map((file) => [`  wrote ${file}`]),
      'files',
    ),
    ...stageLines(job.stages, width),
    ...hopLines(job.hops, width),
    ...recoveryLines(job),
    ...receiptLines(job),
  ]
}

/** Entries of a list that are shown: a job may have thousands of inputs. */
const ENTRIES_MAX = 10

function firstOf(entries: readonly (readonly string[])[], noun: string): string[] {
  const left = entries.length - ENTRIES_MAX
  const more = left <= 0 ? [] : [`  … and ${left} more ${noun} (--json lists all)`]
  return [...entries.slice(0, ENTRIES_MAX).flat(), ...more]
}

function headline(job: JobView): string {
  const total = job.totalMs === undefined ? '' : ` in ${msText(job.totalMs)}`
  const wire = job.plan === undefined ? '' : ` · wire ${job.plan.wire}`
  const inputs = countText(job.progress.inputsDone, 'input')
  const replicas = 1 + Math.max(0, ...job.stages.map(({ replica }) => replica))
  const stages = [
    countText(1 + Math.max(-1, ...job.stages.map(({ index }) => index)), 'stage'),
    ...(replicas > 1 ? [`${replicas} replicas`] : []),
  ].join(' · ')
  return `job ${shortId(job.id)} ${job.modelName} ${job.state}${total} · ${inputs} · ${stages}${wire}${speedText(job)}`
}

/** One input as measured and predicted; of several, which wait for one another, how many in a second. */
function speedText({
  progress,
  plan,
  measuredMs,
  measuredPerSecond,
  predictedMs,
}: JobView): string {
  if (progress.inputsDone > 1 && measuredPerSecond !== undefined) {
    const predicted = plan && rateText(plan.predictedPerSecond)
    return ` · ${rateText(measuredPerSecond)}${predictedText(predicted)}`
  }
  if (measuredMs === undefined) return ''
  const predicted = predictedMs === undefined ? undefined : msText(predictedMs)
  return ` · ${msText(measuredMs)} an input${predictedText(predicted)}`
}

function predictedText(text: string | undefined): string {
  return text === undefined ? '' : ` (predicted ${text})`
}

/** Before the other columns where there are several copies of the pipeline. */
const REPLICA_COLUMN = { title: 'replica' } as const

const STAGE_COLUMNS = [
  { title: 'stage' },
  { title: 'device' },
  { title: 'peer', spare: 8 },
  { title: 'layers' },
  { title: 'provider', spare: 6 },
  { title: 'inputs', align: 'right', spare: 3 },
  { title: 'compute', align: 'right', spare: 1 },
  { title: 'transfer', align: 'right', spare: 2 },
  { title: 'in', align: 'right', spare: 5 },
  { title: 'out', align: 'right', spare: 4 },
  { title: 'weights', align: 'right', spare: 7 },
] as const

function stageLines(stages: readonly JobStage[], width: number | undefined): string[] {
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
  const columns = several ? [REPLICA_COLUMN, ...STAGE_COLUMNS] : STAGE_COLUMNS
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

function recoveryLines(job: JobView): string[] {
  if (job.recoveries.length === 0) return []
  const lines = job.recoveries.map(({ replica, stage, fromPeer, toPeer, ms, code }) => {
    const devices = `${deviceText(job, fromPeer)} → ${deviceText(job, toPeer)}`
    return `recovered ${stageText(job, replica, stage)} in ${msText(ms)}: ${devices} (${code})`
  })
  return ['', ...lines]
}

function receiptLines(job: JobView): string[] {
  if (job.receipts.length === 0) return []
  const lines = job.receipts
    .toSorted((a, b) => a.replica - b.replica || a.stage - b.stage)
    .map(
      ({ replica, stage, peer, hash }) =>
        `receipt of ${stageText(job, replica, stage)}  ${deviceText(job, peer)}  ${hash}`,
    )
  return ['', ...lines]
}

/** `stage 1`, or `stage 1 of replica 0` where there are several. */
function stageText({ stages }: JobView, replica: number, index: number): string {
  const several = stages.some((stage) => stage.replica > 0)
  return `stage ${index}${several ? ` of replica ${replica}` : ''}`
}

/** The name of a device that runs or was to run a stage; the short form of its id for others. */
function deviceText({ stages, plan }: JobView, peer: string): string {
  const known = [...stages, ...(plan?.stages ?? []), ...(plan?.notChosen ?? [])]
  return known.find((one) => one.peer === peer)?.name ?? shortPeer(peer)
}

/** An end of a hop: `requester`, or a stage by its index. */
function placeText(end: string): string {
  return /^\d+$/.test(end) ? `stage ${end}` : end
}

function byPlace(a: JobStage, b: JobStage): number {
  return a.replica - b.replica || a.index - b.index
}
