/**
 * Runs the stages of a model one after another on this device, as several devices would.
 *
 * @module
 */

import { invariant } from '../../core/invariant.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { ModelInit, ModelRuntime } from './ports.ts'

/** A stage that lies ready in the store's folder. */
export interface StageFile {
  /** Absolute path of the ONNX file. */
  readonly file: string
  readonly description: StageDescription
}

/** The last stage's cut, from the first one's. One executor lives at a time. */
export async function runStages(
  runtime: ModelRuntime,
  { memoryBytesMax, loadMsMax, runMsMax }: Omit<ModelInit, 'folder'>,
  stages: readonly StageFile[],
  inputs: readonly Tensor[],
): Promise<readonly Tensor[]> {
  let cut = inputs
  for (const { file, description } of stages) {
    const limits = { memoryBytesMax, loadMsMax, runMsMax }
    const executor = await runtime.load({
      file,
      provider: 'cpu',
      optimise: 'disabled',
      ...limits,
    })
    try {
      cut = await runStage(executor.run.bind(executor), description, cut)
    } finally {
      await executor.stop()
    }
  }
  return cut
}

/** The cut behind a stage, in the order of the wire: what it made and what it passed on. */
export async function runStage(
  run: (inputs: readonly Tensor[]) => Promise<{ readonly outputs: readonly Tensor[] }>,
  description: StageDescription,
  received: readonly Tensor[],
): Promise<readonly Tensor[]> {
  const held = new Map(received.map((tensor) => [tensor.name, tensor]))
  const tensor = (name: string): Tensor => {
    const found = held.get(name)
    invariant(found !== undefined, 'a cut holds all that its stage needs')
    return found
  }
  const { outputs } = await run(description.inputs.map(({ name }) => tensor(name)))
  for (const output of outputs) held.set(output.name, output)
  return description.sends.map(({ name }) => tensor(name))
}
