/**
 * Proves that a model on this device is whole, and that cutting it changes nothing.
 *
 * @module
 */

import { bytesEqual, concatBytes, toHex } from '../../core/bytes.ts'
import type { ModelId } from '../../core/ids.ts'
import {
  accepted,
  manifestBlobs,
  partition,
  partitionModel,
  sampleInputs,
  type LayerRange,
  type Manifest,
} from '../../models/index.ts'
import { CatalogueError } from './errors.ts'
import type { LongWork, ModelComponents, ModelInit } from './ports.ts'
import { runStages, type StageFile } from './stage-chain.ts'

export interface Verification {
  readonly blobs: number
  readonly bytes: number
  /** Stages that gave the bytes of the whole model; 1 for a model of one layer. */
  readonly stages: number
  /** SHA-256 of the outputs' bytes, one after another. */
  readonly outputHash: string
}

export interface VerifyComponents {
  readonly components: ModelComponents
  readonly init: ModelInit
}

export interface VerifySubject {
  readonly id: ModelId
  readonly manifest: Manifest
  readonly stageFile: (range: LayerRange) => Promise<StageFile>
}

/** Two cuts show both a stage that begins and one that ends at a cut, and one that does both. */
const STAGES = 3

const VERIFY_SEED = 7

/** Rehashes the blobs of a model and compares it with its stages, for one sample. */
export async function verifyModel(
  { components, init }: VerifyComponents,
  subject: VerifySubject,
  { progress, signal }: LongWork = {},
): Promise<Verification> {
  const { blobs, sha256 } = components
  const { id, manifest } = subject
  const refs = manifestBlobs(manifest)
  for (const [done, ref] of refs.entries()) {
    signal?.throwIfAborted()
    progress?.({ step: 'verify', done, total: refs.length, unit: 'blobs' })
    await blobs.verify(ref.id)
  }
  progress?.({ step: 'compare', done: 0, total: 2, unit: 'steps' })
  const whole = await runRanges({ components, init }, subject, evenRanges(manifest, 1))
  progress?.({ step: 'compare', done: 1, total: 2, unit: 'steps' })
  signal?.throwIfAborted()
  const ranges = evenRanges(manifest, Math.min(STAGES, manifest.layers.length))
  const cut = await runRanges({ components, init }, subject, ranges)
  if (!bytesEqual(whole, cut)) {
    throw new CatalogueError({ code: 'MODELS_NOT_EXACT', id, stages: ranges.length })
  }
  progress?.({ step: 'compare', done: 2, total: 2, unit: 'steps' })
  return {
    blobs: refs.length,
    bytes: refs.reduce((sum, ref) => sum + ref.bytes, 0),
    stages: ranges.length,
    outputHash: toHex(sha256(whole)),
  }
}

/** The outputs' bytes, one after another. */
async function runRanges(
  { components, init }: VerifyComponents,
  { manifest, stageFile }: VerifySubject,
  ranges: readonly LayerRange[],
): Promise<Uint8Array> {
  const sizes = manifest.inputs.map(
    ({ name }) => manifest.samples.find((sample) => sample.name === name)?.dims ?? [],
  )
  const stages: StageFile[] = []
  for (const range of ranges) stages.push(await stageFile(range))
  const inputs = sampleInputs(manifest.inputs, sizes, VERIFY_SEED)
  const outputs = await runStages(components.runtime, init, stages, inputs)
  return concatBytes(outputs.map(({ data }) => data))
}

/** The layers in `count` stages of about the same work. */
export function evenRanges(manifest: Manifest, count: number): readonly LayerRange[] {
  const seat = {
    flopsPerSecond: 1e10,
    memoryBytesPerSecond: 1e10,
    memoryBytesMax: Infinity,
    linkBytesPerSecond: Infinity,
    linkMs: 0,
  }
  const seats = Array.from({ length: count }, () => seat)
  return accepted(partition(partitionModel(manifest), seats, 'throughput')).stages
}
