/**
 * Cuts a model by what one run of it shows.
 *
 * @module
 */

import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import {
  accepted,
  allRows,
  encodeModelChunks,
  exposed,
  layerModel,
  sampleInputs,
  stepInputs,
  type LayeredModel,
  type ModelProto,
  type TextOutline,
} from '../../models/index.ts'
import type { LongWork, ModelComponents } from './ports.ts'
import type { Workspace } from './workspace.ts'

/** Any seed: costs do not depend on values. */
const MEASURE_SEED = 1

export interface MeasureInit {
  readonly outline: ModelProto
  readonly inputs: readonly TensorSpec[]
  /** Inputs of a decoder that cross no cut. */
  readonly local: readonly TensorSpec[]
  /** Of each of `inputs`. */
  readonly sizes: readonly (readonly number[])[]
  readonly text: TextOutline | undefined
}

export interface MeasuredModel {
  readonly layered: LayeredModel
  /** Inputs and outputs as the runtime sees them. */
  readonly specs: ReadonlyMap<string, TensorSpec>
}

/** Runs the model once with everything inside it as outputs, and cuts it by what that showed. */
export async function measureModel(
  { runtime }: ModelComponents,
  workspace: Workspace,
  init: MeasureInit,
  { progress, signal }: LongWork,
): Promise<MeasuredModel> {
  progress?.({ step: 'measure', done: 0, total: 1, unit: 'steps' })
  const file = await workspace.write('measure', encodeModelChunks(exposed(init.outline)), signal)
  const samples = measureInputs(init)
  const seen = await runtime.inspect(file, samples, signal)
  progress?.({ step: 'measure', done: 1, total: 1, unit: 'steps' })
  const measured = new Map(
    [...samples, ...seen.values].map(({ name, type, dims }) => [name, { type, dims }]),
  )
  const specs = [...seen.outputs, ...seen.inputs].map((spec) => [spec.name, spec] as const)
  const layered = accepted(layerModel(init.outline, measured, init.text))
  return { layered, specs: new Map(specs) }
}

/** A decoder sees its first tokens, and gives logits for all of them: so all layers cost per token. */
function measureInputs({ inputs, local, sizes }: MeasureInit): readonly Tensor[] {
  const samples = sampleInputs(inputs, sizes, MEASURE_SEED)
  const [batch = 1, tokens = 1] = sizes[0] ?? []
  return [...samples, ...stepInputs(local, { batch, tokens, past: 0, rows: allRows(tokens) })]
}
