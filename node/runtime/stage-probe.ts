/**
 * Proves a stage before it serves, and names the numeric class that its bits belong to.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { errorCode } from '../../core/errors.ts'
import type { ModelId } from '../../core/ids.ts'
import { tensorBytes, type Tensor } from '../../core/tensor.ts'
import { allRows, localNames, stepInputs, type StageDescription } from '../../models/index.ts'
import type { Executor } from './executor-spec.ts'
import type { Runtime } from './runtime.ts'
import { PROBE_OPEN_SIZE, probeInputs } from './self-test.ts'

export interface ProbedStage {
  readonly file: string
  readonly description: StageDescription
  readonly model: ModelId
}

export class StageProbe {
  readonly #runtime: Pick<Runtime, 'selfTest'>

  constructor(runtime: Pick<Runtime, 'selfTest'>) {
    this.#runtime = runtime
  }

  /**
   * SHA-256 in hex that two devices share when a fixed probe through this stage gave them equal bits.
   *
   * @throws {RuntimeError} RUNTIME_SELF_TEST_FAILED, or what loading and running throw.
   */
  async numericClass(executor: Executor, stage: ProbedStage): Promise<string> {
    const { fromLayer, toLayer } = stage.description
    const name = `${stage.model}/${fromLayer}-${toLayer}`
    const specs = sampleSpecs(executor, stage.description)
    // Sizes may come from a stranger: nothing is made up that would take the daemon's memory.
    if (bytesOf(specs) > PROBE_BYTES_MAX) return unproved(executor, name)
    try {
      const probe = [...probeInputs(specs), ...firstStep(stage.description)]
      const test = await this.#runtime.selfTest(executor, { stage: name, probe })
      return test.class
    } catch (error) {
      // Some stages take only inputs that mean something, such as shapes: they are not proved, and
      // are alike only where everything that decides their bits is.
      if (errorCode(error) !== 'RUNTIME_RUN_FAILED') throw error
      return unproved(executor, name)
    }
  }
}

/** Bytes of the inputs of one probe. */
const PROBE_BYTES_MAX = 67_108_864

function unproved({ ortVersion, spec }: Executor, name: string): string {
  const words = ['unproved', ortVersion, spec.provider, process.arch, name]
  return createHash('sha256').update(words.join('\0')).digest('hex')
}

function bytesOf(specs: Executor['inputs']): number {
  const sized = specs.map(({ type, dims }) =>
    tensorBytes(
      type,
      dims.map((size) => (typeof size === 'number' ? size : PROBE_OPEN_SIZE)),
    ),
  )
  return sized.reduce((sum, bytes) => sum + bytes, 0)
}

/** The local inputs of a decoder's stage that sees the tokens of the model's own sample first. */
function firstStep({ local, receives }: StageDescription): readonly Tensor[] {
  const [batch = 1, tokens = 1] = receives[0]?.dims ?? []
  return stepInputs(local.inputs, { batch, tokens, past: 0, rows: allRows(tokens) })
}

/** What of the stage's inputs crosses its cut, with the sizes of the model's own sample. */
function sampleSpecs(
  { inputs }: Executor,
  { local, receives }: StageDescription,
): Executor['inputs'] {
  const names = localNames(local)
  const crossing = inputs.filter(({ name }) => !names.has(name))
  return crossing.map((spec) => {
    const sample = receives.find(({ name }) => name === spec.name)
    return sample === undefined ? spec : { ...spec, dims: sample.dims }
  })
}
