/**
 * Proves that a model on this device is whole, and that cutting it changes nothing.
 *
 * @module
 */

import { bytesEqual, concatBytes, toHex } from '../../core/bytes.ts'
import type { ModelId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  manifestBlobs,
  sampleInputs,
  type LayerRange,
  type Manifest,
  type TextModel,
} from '../../models/index.ts'
import { CatalogueError } from './errors.ts'
import type { LongWork, ModelComponents, ModelInit } from './ports.ts'
import { runStages, type StageFile } from './stage-chain.ts'
import { keptRows, runText, textSteps, tokenTensors, type TextStep } from './text-chain.ts'

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

const VERIFY_SEED = 7

/**
 * Rehashes the blobs of a model and compares the whole, for one sample, with every layer as a stage
 * of its own: each cut that a plan may choose is crossed.
 */
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
  const ranges = manifest.layers.map((_, layer) => ({ fromLayer: layer, toLayer: layer + 1 }))
  const total = 1 + ranges.length
  progress?.({ step: 'compare', done: 0, total, unit: 'steps' })
  const whole = await runRanges(
    { components, init },
    subject,
    [{ fromLayer: 0, toLayer: manifest.layers.length }],
    { signal, onStage: () => progress?.({ step: 'compare', done: 1, total, unit: 'steps' }) },
  )
  const cut = await runRanges({ components, init }, subject, ranges, {
    signal,
    onStage: (done) => progress?.({ step: 'compare', done: 1 + done, total, unit: 'steps' }),
  })
  if (!bytesEqual(whole, cut)) {
    throw new CatalogueError({ code: 'MODELS_NOT_EXACT', id, stages: ranges.length })
  }
  return {
    blobs: refs.length,
    bytes: refs.reduce((sum, ref) => sum + ref.bytes, 0),
    stages: ranges.length,
    outputHash: toHex(sha256(whole)),
  }
}

interface ChainWatch {
  readonly signal?: AbortSignal | undefined
  readonly onStage?: (done: number) => void
}

/** The outputs' bytes, one after another. */
async function runRanges(
  { components, init }: VerifyComponents,
  { manifest, stageFile }: VerifySubject,
  ranges: readonly LayerRange[],
  { signal, onStage }: ChainWatch,
): Promise<Uint8Array> {
  const steps = manifest.text === undefined ? [] : verifySteps(manifest.text, ranges.length > 1)
  const isText = manifest.text !== undefined
  let cut = isText ? tokenTensors(steps) : onePassInputs(manifest)
  for (const [index, range] of ranges.entries()) {
    signal?.throwIfAborted()
    const stage = await stageFile(range)
    cut = isText
      ? await runText(components.runtime, init, stage, { steps, cuts: cut })
      : await runStages(components.runtime, init, [stage], cut)
    onStage?.(index + 1)
  }
  return concatBytes(isText ? keptRows(steps, cut) : cut.map(({ data }) => data))
}

function onePassInputs({ inputs, samples }: Manifest): readonly Tensor[] {
  const sizes = inputs.map(({ name }) => samples.find((sample) => sample.name === name)?.dims ?? [])
  return sampleInputs(inputs, sizes, VERIFY_SEED)
}

/** Tokens of the text with which a decoder is verified. */
const VERIFY_TOKENS = 16

/**
 * The same text at once, or in parts: half of it, three tokens, and then one after another.
 *
 * That both give the same bits shows that neither a cut nor how a prompt is divided changes an answer.
 */
function verifySteps(
  { vocabulary, positionsMax }: TextModel,
  inParts: boolean,
): readonly TextStep[] {
  // A token alone is run twice, and so needs a position more.
  const count = Math.max(1, Math.min(VERIFY_TOKENS, positionsMax - 1))
  const tokens = Array.from(
    { length: count },
    (_, at) => (VERIFY_SEED * (at + 1) ** 2) % vocabulary,
  )
  if (!inParts) return textSteps(tokens, [count])
  const half = Math.max(2, count >> 1)
  const rest = count - half
  const chunk = rest > 3 ? [3] : []
  const singles = Array.from({ length: Math.max(0, rest - 3 * chunk.length) }, () => 1)
  return textSteps(tokens, [Math.min(half, count), ...chunk, ...singles])
}
