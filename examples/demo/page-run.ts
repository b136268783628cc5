/**
 * One reading of the page over the mesh, and the comparison of two.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { JobEvent, JobView } from '../../node/api/schemas/jobs.ts'
import type { Alphabet } from '../text-recognition/ctc.ts'
import type { RgbImage } from '../text-recognition/image.ts'
import { TextRecogniser, type TextLine } from '../text-recognition/text-recogniser.ts'
import type { DaemonClient } from './client.ts'
import { DemoError } from './errors.ts'
import { MeshInference, type NetworkRun } from './mesh-inference.ts'

/** What one reading gave. */
export interface PageRun {
  readonly lines: readonly TextLine[]
  readonly networks: readonly NetworkRun[]
  /** SHA-256 over the hashes of all output tensors, in order, in hex. */
  readonly sha256: string
  readonly wallMs: number
}

export interface PageRunInit {
  readonly client: DaemonClient
  readonly alphabet: Alphabet
  readonly image: RgbImage
  readonly onEvent: (job: JobView, event: JobEvent) => Promise<void> | void
}

/** Reads the page once. */
export async function readPageOverMesh(init: PageRunInit): Promise<PageRun> {
  const startMs = performance.now()
  const inference = new MeshInference(init.client, { onEvent: init.onEvent })
  const recogniser = new TextRecogniser({ infer: inference.infer, alphabet: init.alphabet })
  const lines = await recogniser.read(init.image)
  const networks = inference.runs
  const wallMs = performance.now() - startMs
  return { lines, networks, sha256: digestOf(networks), wallMs }
}

/**
 * Holds two readings against each other.
 *
 * @throws {DemoError} DEMO_ANSWER_CHANGED when a byte of any output tensor or of the text differs.
 */
export function expectSameAnswer(before: PageRun, after: PageRun): void {
  const changed = before.networks.filter(
    ({ job }, at) => outputsOf(job) !== outputsOf(after.networks[at]?.job),
  )
  const text = ({ lines }: PageRun): string => JSON.stringify(lines)
  if (changed.length === 0 && text(before) === text(after)) return
  const names = changed.map(({ job }) => job.modelName).join(', ')
  const problem = `expected equal outputs, got others from ${names || 'the text'}`
  throw new DemoError({ code: 'DEMO_ANSWER_CHANGED', problem }, problem)
}

function digestOf(networks: readonly NetworkRun[]): string {
  const all = networks.map(({ job }) => outputsOf(job)).join('\n')
  return createHash('sha256').update(all).digest('hex')
}

/** The hashes of a job's output tensors, in the order of its inputs. */
function outputsOf(job: JobView | undefined): string {
  const sorted = job?.outputs.toSorted((a, b) => a.input - b.input) ?? []
  return sorted.map(({ sha256 }) => sha256).join('\n')
}
