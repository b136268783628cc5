/**
 * Runs one text through the stages of a decoder on this device, in steps, as a session would.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  allRows,
  pastNames,
  presentNames,
  stepInputs,
  TOKENS,
  type StageDescription,
} from '../../models/index.ts'
import type { ModelExecutor, ModelInit, ModelRuntime } from './ports.ts'
import type { StageFile } from './stage-chain.ts'

/** Tokens that go through all stages together, behind those of the steps before. */
export interface TextStep {
  readonly tokens: readonly number[]
  /** How many of them stay: a step of one token is run as two equal ones, for bits not to depend on it. */
  readonly kept: number
}

/** `tokens` in steps of these sizes. */
export function textSteps(
  tokens: readonly number[],
  sizes: readonly number[],
): readonly TextStep[] {
  let at = 0
  return sizes.map((size) => {
    const chunk = tokens.slice(at, at + size)
    at += size
    return { tokens: size === 1 ? [...chunk, ...chunk] : chunk, kept: size }
  })
}

/** What enters the first stage in each step. */
export function tokenTensors(steps: readonly TextStep[]): readonly Tensor[] {
  return steps.map(({ tokens }) => {
    const data = new Uint8Array(BigInt64Array.from(tokens, BigInt).buffer)
    return { name: TOKENS, type: 'int64', dims: [1, tokens.length], data }
  })
}

/** Of logits [1, rows, vocabulary] of each step, the bytes of those tokens that stay. */
export function keptRows(
  steps: readonly TextStep[],
  logits: readonly Tensor[],
): readonly Uint8Array[] {
  return logits.map(({ dims: [, rows = 1], data }, index) =>
    data.subarray(0, (data.length / rows) * (steps[index]?.kept ?? 0)),
  )
}

/** What the steps of a text are, and what enters a stage in each of them. */
export interface TextRun {
  readonly steps: readonly TextStep[]
  readonly cuts: readonly Tensor[]
}

/** What leaves a stage in each step. All steps go through it before it is stopped. */
export async function runText(
  runtime: ModelRuntime,
  { memoryBytesMax, loadMsMax, runMsMax }: Omit<ModelInit, 'folder'>,
  { file, description }: StageFile,
  run: TextRun,
): Promise<readonly Tensor[]> {
  const limits = { memoryBytesMax, loadMsMax, runMsMax }
  const executor = await runtime.load({ file, provider: 'cpu', optimise: 'disabled', ...limits })
  try {
    return await runSteps(executor, description, run)
  } finally {
    await executor.stop()
  }
}

async function runSteps(
  executor: ModelExecutor,
  { local, sends }: StageDescription,
  { steps, cuts }: TextRun,
): Promise<readonly Tensor[]> {
  const made: Tensor[] = []
  let past = 0
  let caches = new Map<string, Tensor>()
  for (const [index, { tokens, kept }] of steps.entries()) {
    const { length } = tokens
    const step = { batch: 1, tokens: length, past, rows: allRows(length) }
    const inputs = stepInputs(local.inputs, step).map((input) => caches.get(input.name) ?? input)
    const { outputs } = await executor.run([...cuts.slice(index, index + 1), ...inputs])
    past += kept
    caches = cachesAfter(local.caches, outputs, past)
    const out = outputs.find(({ name }) => name === sends[0]?.name)
    invariant(out !== undefined, 'a stage makes what it sends')
    made.push(out)
  }
  return made
}

/** Keys and values of the first `length` positions, under the names that they are taken in by. */
function cachesAfter(
  caches: readonly number[],
  outputs: readonly Tensor[],
  length: number,
): Map<string, Tensor> {
  const byName = new Map(outputs.map((tensor) => [tensor.name, tensor]))
  const kept = new Map<string, Tensor>()
  for (const cache of caches) {
    for (const part of ['key', 'value'] as const) {
      const present = byName.get(presentNames(cache)[part])
      const name = pastNames(cache)[part]
      if (present !== undefined) kept.set(name, shortened({ ...present, name }, length))
    }
  }
  return kept
}

/** A cache [1, heads, positions, size] without what stands behind the first `length` positions. */
function shortened(cache: Tensor, length: number): Tensor {
  const [batch = 1, heads = 1, positions = 0, size = 0] = cache.dims
  if (positions === length) return cache
  const row = (cache.data.length / (heads * positions)) | 0
  const data = new Uint8Array(heads * length * row)
  for (let head = 0; head < heads; head++) {
    const from = head * positions * row
    data.set(cache.data.subarray(from, from + length * row), head * length * row)
  }
  return { ...cache, dims: [batch, heads, length, size], data }
}
