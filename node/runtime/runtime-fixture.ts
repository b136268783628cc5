/**
 * A started runtime and small models in a directory that goes away: for the tests of this folder.
 *
 * @module
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import { systemClock } from '../system/system-clock.ts'
import type { ExecutorSpec } from './executor-spec.ts'
import { Runtime, type RuntimeInit } from './runtime.ts'
import { type TinyGraph, tinyModel } from './tiny-model.ts'

/** Tests compete for the processor with other tests: idle executors would wait for all of them. */
const INIT: RuntimeInit = {
  priority: 'normal',
  executorsMax: 8,
  toolMemoryBytesMax: 512 * 1024 * 1024,
  toolMsMax: 20_000,
}

export class RuntimeFixture implements AsyncDisposable {
  readonly runtime: Runtime
  readonly dir: string

  constructor(runtime: Runtime, dir: string) {
    this.runtime = runtime
    this.dir = dir
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  /** Writes a model and tells how to load it. */
  async spec(graph: TinyGraph, changes: Partial<ExecutorSpec> = {}): Promise<ExecutorSpec> {
    const file = join(this.dir, `${crypto.randomUUID()}.onnx`)
    await writeFile(file, tinyModel(graph))
    return {
      file,
      provider: 'cpu',
      memoryBytesMax: 256 * 1024 * 1024,
      loadMsMax: 20_000,
      runMsMax: 20_000,
      optimise: 'disabled',
      ...changes,
    }
  }
}

/** A runtime that has started. */
export async function runtimeFixture(changes: Partial<RuntimeInit> = {}): Promise<RuntimeFixture> {
  const dir = await mkdtemp(join(tmpdir(), 'brume-runtime-'))
  const init = { ...INIT, ...changes }
  const runtime = new Runtime({ logger: SILENT_LOGGER, clock: systemClock }, init)
  await runtime.start(new AbortController().signal)
  return new RuntimeFixture(runtime, dir)
}

/** y = x + x, of any one-dimensional size. */
export const DOUBLE: TinyGraph = {
  nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
  inputs: [{ name: 'x', type: 'float32', dims: ['n'] }],
  outputs: [{ name: 'y', type: 'float32', dims: ['n'] }],
}

/** A float32 tensor of one dimension. */
export function floats(name: string, values: readonly number[]): Tensor {
  const data = new Uint8Array(Float32Array.from(values).buffer)
  return { name, type: 'float32', dims: [values.length], data }
}

/** The values of a float32 tensor. */
export function valuesOf(tensor: Tensor | undefined): number[] {
  if (tensor === undefined) return []
  return [...new Float32Array(tensor.data.slice().buffer)]
}

const scalar = { type: 'int64', dims: [] } as const

/** Adds one to a number 2^60 times. */
export const ENDLESS: TinyGraph = {
  nodes: [
    {
      op: 'Loop',
      inputs: ['trips', '', 'x'],
      outputs: ['y'],
      attributes: {
        body: {
          nodes: [
            { op: 'Identity', inputs: ['keep_in'], outputs: ['keep_out'] },
            { op: 'Add', inputs: ['a', 'a'], outputs: ['b'] },
          ],
          inputs: [
            { name: 'i', ...scalar },
            { name: 'keep_in', type: 'bool', dims: [] },
            { name: 'a', type: 'float32', dims: ['n'] },
          ],
          outputs: [
            { name: 'keep_out', type: 'bool', dims: [] },
            { name: 'b', type: 'float32', dims: ['n'] },
          ],
        },
      },
    },
  ],
  inputs: [{ name: 'x', type: 'float32', dims: ['n'] }],
  outputs: [{ name: 'y', type: 'float32', dims: ['n'] }],
  initializers: [
    {
      name: 'trips',
      ...scalar,
      data: new Uint8Array(BigInt64Array.of(2n ** 60n).buffer),
    },
  ],
}

/** Expands one number to `elements` of them. */
export function huge(elements: bigint): TinyGraph {
  return {
    nodes: [{ op: 'Expand', inputs: ['x', 'shape'], outputs: ['y'] }],
    inputs: [{ name: 'x', type: 'float32', dims: [1] }],
    outputs: [{ name: 'y', type: 'float32', dims: ['m'] }],
    initializers: [
      {
        name: 'shape',
        type: 'int64',
        dims: [1],
        data: new Uint8Array(BigInt64Array.of(elements).buffer),
      },
    ],
  }
}
