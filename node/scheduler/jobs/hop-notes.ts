/**
 * Writes down what one output tells of the stages and links that it came through.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { Tensor } from '../../../core/tensor.ts'
import type { TensorMessage } from '../../../protocols/inference/index.ts'
import type { HopRecord, StageRecord } from './job-record.ts'
import type { LinkTable } from './link-table.ts'

export interface OutputNote {
  readonly output: TensorMessage
  readonly transfersMs: readonly (number | undefined)[]
  readonly inputBytes: number
}

/** Where times of links are kept, and whose device this is. */
export interface LinkNotes {
  readonly table: LinkTable
  readonly self: PeerId
}

/**
 * Adds one output's times and sizes to the records of its pipeline.
 *
 * @param links - Undefined where links were not left alone, and say little of themselves.
 */
export function noteHops(
  pipeline: { readonly stages: readonly StageRecord[]; readonly hops: readonly HopRecord[] },
  note: OutputNote,
  links: LinkNotes | undefined,
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
  if (links !== undefined) noteLinks(stages, { ...note, sizes }, links)
}

/** What the first rows of a text tell of the links: many bytes at once, and nothing before them. */
export function noteFirstRows(
  stages: readonly StageRecord[],
  note: OutputNote & { readonly rows: number },
  links: LinkNotes,
): void {
  const [input = 0, ...cuts] = wayBytes(stages, note)
  const sizes = [input, ...cuts.slice(0, -1).map((bytes) => bytes * note.rows), cuts.at(-1) ?? 0]
  noteLinks(stages, { ...note, sizes }, links)
}

/** From this device to the first stage, on to each next one, and back. */
function noteLinks(
  stages: readonly StageRecord[],
  { transfersMs, sizes }: OutputNote & { readonly sizes: readonly number[] },
  { table, self }: LinkNotes,
): void {
  for (const [index, ms] of transfersMs.entries()) {
    if (ms === undefined || index > stages.length) continue
    const from = index === 0 ? self : stages[index - 1]?.peer
    const to = index === stages.length ? self : stages[index]?.peer
    if (from === undefined || to === undefined) continue
    table.note({ from, to, bytes: sizes[index] ?? 0, ms })
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
