/**
 * Proves a stage before it serves, and names the numeric class that its bits belong to.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { errorCode } from '../../core/errors.ts'
import type { ModelId } from '../../core/ids.ts'
import { tensorBytes } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { Executor } from './executor-spec.ts'
import type { Runtime } from './runtime.ts'
import { plainProbe, PROBE_OPEN_SIZE, probeInputs, type SelfTest } from './self-test.ts'
import { textProbe } from './text-probe.ts'

export interface ProbedStage {
  readonly file: string
  readonly description: StageDescription
  readonly model: ModelId
}

/** What the test showed. */
export type ProvedStage = Pick<
  SelfTest,
  'class' | 'exact' | 'lone' | 'together' | 'stepUs' | 'besideUs' | 'chunkUs'
>

export class StageProbe {
  readonly #runtime: Pick<Runtime, 'selfTest'>

  constructor(runtime: Pick<Runtime, 'selfTest'>) {
    this.#runtime = runtime
  }

  /**
   * Its numeric class, SHA-256 in hex, which two devices share when a fixed probe through this stage
   * gave them equal bits; and whether it is exact.
   *
   * @throws {RuntimeError} RUNTIME_SELF_TEST_FAILED, or what loading and running throw.
   */
  async prove(executor: Executor, stage: ProbedStage): Promise<ProvedStage> {
    const { fromLayer, toLayer } = stage.description
    const name = `${stage.model}/${fromLayer}-${toLayer}`
    const text = textProbe(executor, stage.description)
    if (text !== undefined) return this.#runtime.selfTest(executor, { stage: name, probe: text })
    const specs = sampleSpecs(executor, stage.description)
    // Sizes may come from a stranger: nothing is made up that would take the daemon's memory.
    if (bytesOf(specs) > PROBE_BYTES_MAX) return unproved(executor, name)
    try {
      return await this.#runtime.selfTest(executor, {
        stage: name,
        probe: plainProbe(probeInputs(specs)),
      })
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

function unproved({ ortVersion, spec }: Executor, name: string): ProvedStage {
  const words = ['unproved', ortVersion, spec.provider, process.arch, name]
  return {
    class: createHash('sha256').update(words.join('\0')).digest('hex'),
    exact: false,
    lone: false,
    together: false,
    stepUs: 0,
  }
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

/** The stage's inputs with the sizes of the model's own sample. */
function sampleSpecs({ inputs }: Executor, { receives }: StageDescription): Executor['inputs'] {
  return inputs.map((spec) => {
    const sample = receives.find(({ name }) => name === spec.name)
    return sample === undefined ? spec : { ...spec, dims: sample.dims }
  })
}
