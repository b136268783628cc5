/**
 * Proves a stage before it serves, and names the numeric class that its bits belong to.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { bytesEqual } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { ModelId } from '../../core/ids.ts'
import { tensorBytes } from '../../core/tensor.ts'
import type { StageDescription } from '../../models/index.ts'
import type { Executor } from './executor-spec.ts'
import type { Runtime } from './runtime.ts'
import type { ProofBook } from './proof-book.ts'
import {
  hashTensors,
  plainProbe,
  PROBE_OPEN_SIZE,
  probeInputs,
  type Probe,
  type SelfTest,
  type SelfTestInit,
} from './self-test.ts'
import { textProbe } from './text-probe.ts'

export interface ProbedStage {
  readonly file: string
  readonly description: StageDescription
  readonly model: ModelId
  /** Tokens that a text of its model may have; undefined of one that says nothing. */
  readonly positionsMax?: number | undefined
}

/** What the test showed. */
export type ProvedStage = Pick<
  SelfTest,
  'class' | 'exact' | 'lone' | 'together' | 'stepUs' | 'besideUs' | 'chunkUs'
>

export class StageProbe {
  readonly #runtime: Pick<Runtime, 'selfTest'>
  readonly #proofs: ProofBook | undefined

  /** @param proofs - What was proved before, which is then only looked at again. */
  constructor(runtime: Pick<Runtime, 'selfTest'>, proofs?: ProofBook) {
    this.#runtime = runtime
    this.#proofs = proofs
  }

  /**
   * Its numeric class, SHA-256 in hex, which two devices share when a fixed probe through this stage
   * gave them equal bits; and whether it is exact.
   *
   * @param again - True to prove it anew whatever was proved before.
   * @throws {RuntimeError} RUNTIME_SELF_TEST_FAILED, or what loading and running throw.
   */
  async prove(executor: Executor, stage: ProbedStage, again = false): Promise<ProvedStage> {
    const { fromLayer, toLayer } = stage.description
    const name = `${stage.model}/${fromLayer}-${toLayer}`
    const text = textProbe(executor, stage)
    if (text !== undefined) return this.#proveText(executor, { stage: name, probe: text }, again)
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

  async #proveText(executor: Executor, init: SelfTestInit, again: boolean): Promise<ProvedStage> {
    // What an accelerator computes depends on its driver, of which nothing is known here.
    const proofs = executor.spec.provider === 'cpu' ? this.#proofs : undefined
    const name = await proofs?.nameOf(executor, init.stage)
    if (proofs === undefined || name === undefined) return this.#tested(executor, init)
    const { probe } = init
    const known = await proofs.find(name)
    if (known !== undefined && !again) {
      const { brief, ...proof } = known
      const same = bytesEqual(brief, await briefOf(executor, probe, proof.lone))
      if (same) return withStepUs(proof, probe.stepUs?.() ?? 0)
    }
    const proof = await this.#tested(executor, init)
    // Of two tests that differ one is wrong: neither is believed of the next executor.
    if (known === undefined ? again : !isAlike(known, proof)) await proofs.forget(name)
    else await proofs.keep(name, { ...proof, brief: await briefOf(executor, probe, proof.lone) })
    return proof
  }

  async #tested(executor: Executor, init: SelfTestInit): Promise<ProvedStage> {
    const { ms: _, ...proof } = await this.#runtime.selfTest(executor, init)
    return proof
  }
}

/** True of proofs that say the same of a stage, however long it takes. */
function isAlike(one: ProvedStage, other: ProvedStage): boolean {
  return (
    one.class === other.class &&
    one.exact === other.exact &&
    one.lone === other.lone &&
    one.together === other.together
  )
}

/** What else takes time takes as much more or less as a step does: the device may have been busy then. */
function withStepUs(proof: ProvedStage, stepUs: number): ProvedStage {
  const { besideUs, chunkUs } = proof
  const factor = proof.stepUs > 0 ? stepUs / proof.stepUs : 1
  return {
    ...proof,
    stepUs,
    ...(besideUs === undefined ? {} : { besideUs: Math.round(besideUs * factor) }),
    ...(chunkUs === undefined ? {} : { chunkUs: Math.round(chunkUs * factor) }),
  }
}

/** SHA-256 of what a small part of the test gives. */
async function briefOf(executor: Executor, probe: Probe, lone: boolean): Promise<Uint8Array> {
  const hash = createHash('sha256')
  hashTensors(hash, (await probe.brief?.(executor, lone)) ?? [])
  return new Uint8Array(hash.digest())
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
