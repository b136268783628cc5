/**
 * What a job did, in words and columns: results, where each stage ran, timings per hop, receipts.
 *
 * @module
 */

import type { JobHop, JobStage, JobView } from '../api/schemas/jobs.ts'
import { bytesText, countText, msText, shortId, shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** The report of a finished job. `files` are those that its outputs were written to. */
export function jobReport(job: JobView, files: readonly string[] = []): string[] {
  return [
    headline(job),
    ...job.outputs.map(
      ({ input, sha256, bytes }) => `  output ${input}  sha256 ${sha256}  ${bytesText(bytes)}`,
    ),
    ...files.map((file) => `  wrote ${file}`),
    ...stageLines(job.stages),
    ...hopLines(job.hops),
    ...recoveryLines(job),
    ...receiptLines(job),
    ...job.notes.map((note) => `note: ${note}`),
  ]
}

function headline(job: JobView): string {
  const total = job.totalMs === undefined ? '' : ` in ${msText(job.totalMs)}`
  const wire = job.plan === undefined ? '' : ` · wire ${job.plan.wire}`
  const times =
    job.measuredMs === undefined
      ? ''
      : ` · ${msText(job.measuredMs)} an input${
          job.predictedMs === undefined ? '' : ` (predicted ${msText(job.predictedMs)})`
        }`
  const inputs = countText(job.progress.inputsDone, 'input')
  const stages = countText(job.stages.length, 'stage')
  return `job ${shortId(job.id)} ${job.modelName} ${job.state}${total} · ${inputs} · ${stages}${wire}${times}`
}

function stageLines(stages: readonly JobStage[]): string[] {
  if (stages.length === 0) return []
  const columns = [
    { title: 'stage' },
    { title: 'device' },
    { title: 'peer' },
    { title: 'layers' },
    { title: 'provider' },
    { title: 'steps', align: 'right' },
    { title: 'compute', align: 'right' },
    { title: 'transfer', align: 'right' },
    { title: 'in', align: 'right' },
    { title: 'out', align: 'right' },
    { title: 'weights', align: 'right' },
  ] as const
  const rows = stages.map((stage) => [
    stagePlace(stage.replica, stage.index),
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
  return ['', ...tableLines(columns, rows)]
}

function hopLines(hops: readonly JobHop[]): string[] {
  if (hops.length === 0) return []
  const columns = [
    { title: 'hop' },
    { title: 'bytes', align: 'right' },
    { title: 'p50', align: 'right' },
    { title: 'p95', align: 'right' },
  ] as const
  const rows = hops.map(({ replica, from, to, bytes, p50Ms, p95Ms }) => [
    `${replica === 0 ? '' : `${replica}: `}${from} → ${to}`,
    bytesText(bytes),
    msText(p50Ms),
    msText(p95Ms),
  ])
  return ['', ...tableLines(columns, rows)]
}

function recoveryLines({ recoveries }: JobView): string[] {
  if (recoveries.length === 0) return []
  const lines = recoveries.map(
    ({ replica, stage, fromPeer, toPeer, ms, code }) =>
      `recovered stage ${stagePlace(replica, stage)} in ${msText(ms)}: ${shortPeer(fromPeer)} → ${shortPeer(toPeer)} (${code})`,
  )
  return ['', ...lines]
}

function receiptLines({ receipts }: JobView): string[] {
  if (receipts.length === 0) return []
  const lines = receipts.map(
    ({ replica, stage, peer, hash }) =>
      `receipt of stage ${stagePlace(replica, stage)}  ${shortPeer(peer)}  ${hash}`,
  )
  return ['', ...lines]
}

/** `1`, or `2/1` in the third replica. */
function stagePlace(replica: number, index: number): string {
  return replica === 0 ? String(index) : `${replica}/${index}`
}
