/**
 * What a job did, in words and columns: results, where each stage ran, timings of hops, receipts.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { JobView } from '../api/schemas/jobs.ts'
import { bytesText, countText, msText, rateText, shortId } from './quantity-text.ts'
import { tensorText } from './tensor-text.ts'
import { wireText } from './wire-text.ts'
import { workLines } from './work-report.ts'

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
    ...workLines(job, { width, steps: 'inputs' }),
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
  const wire = job.plan === undefined ? '' : ` · ${wireText({ wire: job.plan.wire })}`
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
