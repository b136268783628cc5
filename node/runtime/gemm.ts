/**
 * How fast this device multiplies matrices in the very way in which it would serve a stage.
 *
 * @module
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Tensor, tensorBytes, type TensorType } from '../../core/tensor.ts'
import type { Executor, ExecutorSpec } from './executor-spec.ts'
import { tinyModel } from './tiny-model.ts'

/** Rows of the input, and both sides of the weights: 1 MiB in float32, as in a small real layer. */
const ROWS = 256
const SIDE = 512

/** Time and runs for one element type, after one run that is not counted. */
const TIMING_MS = 200
const RUNS_MAX = 50

export interface GemmSpeed {
  /** 10^6 floating-point operations a second, on one thread. */
  readonly f32MflopsPerS: number
  /** 10^6 operations of 8-bit integers a second, on one thread. */
  readonly int8MopsPerS: number
}

/** What measures: {@link Runtime.load}, without the rest of it. */
export interface GemmLoader {
  load(spec: ExecutorSpec, signal?: AbortSignal): Promise<Executor>
}

/**
 * Measures one thread of the CPU provider. Takes about half a second.
 *
 * @throws {RuntimeError} when a matrix cannot be multiplied here.
 */
export async function measureGemm(loader: GemmLoader, signal?: AbortSignal): Promise<GemmSpeed> {
  const dir = await mkdtemp(join(tmpdir(), 'brume-gemm-'))
  try {
    const f32 = { op: 'MatMul', input: 'float32', weight: 'float32', output: 'float32' } as const
    const int8 = { op: 'MatMulInteger', input: 'uint8', weight: 'int8', output: 'int32' } as const
    return {
      f32MflopsPerS: await speedOf(f32, dir, loader, signal),
      int8MopsPerS: await speedOf(int8, dir, loader, signal),
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface Product {
  readonly op: string
  readonly input: TensorType
  readonly weight: TensorType
  readonly output: TensorType
}

async function speedOf(
  product: Product,
  dir: string,
  loader: GemmLoader,
  signal: AbortSignal | undefined,
): Promise<number> {
  const file = join(dir, `${product.op}.onnx`)
  await writeFile(file, modelOf(product))
  const executor = await loader.load(
    {
      file,
      provider: 'cpu',
      memoryBytesMax: 256 * 1024 * 1024,
      loadMsMax: 20_000,
      runMsMax: 20_000,
      optimise: 'all',
    },
    signal,
  )
  try {
    const bestUs = await bestRunUs(executor, inputOf(product.input), signal)
    return Math.round((2 * ROWS * SIDE * SIDE) / bestUs)
  } finally {
    await executor.stop()
  }
}

async function bestRunUs(
  executor: Executor,
  input: Tensor,
  signal: AbortSignal | undefined,
): Promise<number> {
  await executor.run([input])
  let bestUs = Number.POSITIVE_INFINITY
  let spentUs = 0
  for (let runs = 0; runs < RUNS_MAX && spentUs < TIMING_MS * 1000; runs++) {
    signal?.throwIfAborted()
    const { computeUs } = await executor.run([input])
    bestUs = Math.min(bestUs, computeUs)
    spentUs += computeUs
  }
  return Math.max(1, bestUs)
}

function modelOf({ op, input, weight, output }: Product): Uint8Array {
  return tinyModel({
    nodes: [{ op, inputs: ['x', 'w'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: input, dims: [ROWS, SIDE] }],
    outputs: [{ name: 'y', type: output, dims: [ROWS, SIDE] }],
    initializers: [
      { name: 'w', type: weight, dims: [SIDE, SIDE], data: elements(weight, [SIDE, SIDE]) },
    ],
  })
}

function inputOf(type: TensorType): Tensor {
  const dims = [ROWS, SIDE]
  return { name: 'x', type, dims, data: elements(type, dims) }
}

/** Small values that are not all alike; zeros and denormals would flatter or slow the processor. */
function elements(type: TensorType, dims: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(tensorBytes(type, dims))
  if (type === 'float32') {
    const values = new Float32Array(bytes.buffer)
    for (const index of values.keys()) values[index] = ((index % 61) - 30) / 64
  } else {
    for (const index of bytes.keys()) bytes[index] = index % 61
  }
  return bytes
}
