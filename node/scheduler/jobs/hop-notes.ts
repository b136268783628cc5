/**
 * Writes down what one output tells of the stages and links that it came through.
 *
 * @module
 */

import type { Tensor } from '../../../core/tensor.ts'
import type { TensorMessage } from '../../../protocols/inference/index.ts'
import type { HopRecord, StageRecord } from './job-record.ts'
import type { LinkTable } from './link-table.ts'

export interface OutputNote {
  readonly output: TensorMessage
  readonly transfersMs: readonly (number | undefined)[]
  readonly inputBytes: number
}

/** Adds one output's times and sizes to the records of its pipeline. */
export function noteHops(
  pipeline: { readonly stages: readonly StageRecord[]; readonly hops: readonly HopRecord[] },
  note: OutputNote,
  links: LinkTable,
): void {
  const { stages, hops } = pipeline
  const sizes = wayBytes(stages, note)
  for (const [index, { computeUs }] of note.output.hops.entries()) {
    const stage = stages[index]
    if (stage === undefined) continue
    stage.compute.add(computeUs / 1000)
    stage.bytesIn += sizes[index] ?? 0
    stage.bytesOut += sizes[index + 1] ?? 0
  }
  for (const [index, ms] of note.transfersMs.entries()) {
    if (ms === undefined) continue
    hops[index]?.ms.add(ms)
    hops[index]?.bytes.add(sizes[index] ?? 0)
    stages[index]?.transfer.add(ms)
  }
  noteOwnLinks(stages, { ...note, sizes }, links)
}

/** Only the first and the last link are between this device and another one. */
function noteOwnLinks(
  stages: readonly StageRecord[],
  { transfersMs, sizes }: OutputNote & { readonly sizes: readonly number[] },
  links: LinkTable,
): void {
  const ends: readonly (readonly [StageRecord | undefined, number])[] = [
    [stages[0], 0],
    [stages.at(-1), stages.length],
  ]
  for (const [stage, index] of ends) {
    const ms = transfersMs[index]
    if (stage !== undefined && ms !== undefined) links.note(stage.peer, sizes[index] ?? 0, ms)
  }
}

/** Bytes on each link: the input, the cuts as they were planned, the output. */
function wayBytes(stages: readonly StageRecord[], note: OutputNote): readonly number[] {
  const cuts = stages.slice(0, -1).map(({ view }) => view.cutBytes)
  return [note.inputBytes, ...cuts, bytesOf(note.output.tensors)]
}

/** Bytes of all tensors together. */
export function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0)
}
