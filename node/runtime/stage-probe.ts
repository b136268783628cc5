/**
 * Proves a stage before it serves, and names the numeric class that its bits belong to.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { errorCode } from '../../core/errors.ts'
import type { ModelId } from '../../core/ids.ts'
import type { StageDescription } from '../../models/index.ts'
import type { Executor } from './executor-spec.ts'
import type { Runtime } from './runtime.ts'
import { probeInputs } from './self-test.ts'

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
    const probe = probeInputs(sampleSpecs(executor, stage.description))
    try {
      const test = await this.#runtime.selfTest(executor, { stage: name, probe })
      return test.class
    } catch (error) {
      // Some stages take only inputs that mean something, such as shapes: they are not proved, and
      // are alike only where everything that decides their bits is.
      if (errorCode(error) !== 'RUNTIME_RUN_FAILED') throw error
      const words = ['unproved', executor.ortVersion, executor.spec.provider, process.arch, name]
      return createHash('sha256').update(words.join('\0')).digest('hex')
    }
  }
}

/** The stage's inputs with the sizes of the model's own sample. */
function sampleSpecs({ inputs }: Executor, { receives }: StageDescription): Executor['inputs'] {
  return inputs.map((spec) => {
    const sample = receives.find(({ name }) => name === spec.name)
    return sample === undefined ? spec : { ...spec, dims: sample.dims }
  })
}
