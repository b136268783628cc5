/**
 * What the stages of this device were proved to be, kept over restarts.
 *
 * The test of a stage costs as much as loading it, and its answer is the same as long as the stage, the
 * runtime and the processor are. So it is made once; afterwards a stage only shows by a few rows that it
 * still is the one that was proved. A loss of the book costs a test.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { bytes, flag, optional, record, type ShapeOf, uint } from '../../core/cbor-shape.ts'
import { errorCode } from '../../core/errors.ts'
import { hexId } from '../../core/id-shapes.ts'
import type { Logger } from '../../core/logger.ts'
import type { Executor } from './executor-spec.ts'
import { probeWord } from './probe-layout.ts'
import { processorClass } from './processor-class.ts'
import { openedRecord, sealedRecord } from './sealed-record.ts'

/** The state store, as far as proofs use it. */
export interface ProofStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  del(key: string): Promise<void>
  entries(prefix: string, limit: number): Promise<readonly { readonly key: string }[]>
}

const PREFIX = 'proofs/'

/** Proofs that are kept; of more, any gives way. */
export const PROOFS_MAX = 256

const proofShape = record({
  class: hexId<string>(32),
  exact: flag(),
  lone: flag(),
  together: flag(),
  stepUs: uint(),
  besideUs: optional(uint()),
  chunkUs: optional(uint()),
  /** SHA-256 of what the short part of the test gave. */
  brief: bytes(32),
})

/** What a test showed, and by what it is known again. */
export type KeptProof = Pick<
  ShapeOf<typeof proofShape>,
  'class' | 'exact' | 'lone' | 'together' | 'stepUs' | 'brief'
> & { readonly besideUs?: number; readonly chunkUs?: number }

export interface ProofBookComponents {
  readonly store: ProofStore
  readonly logger: Logger
  /** What of the processor decides bits. */
  readonly processor?: () => Promise<string>
  /** SHA-256 of a stage's graph, weights beside it left out. Default: that of the file. */
  readonly graphHash?: (file: string) => Promise<string>
}

export class ProofBook {
  readonly #components: ProofBookComponents
  #processor: Promise<string> | undefined

  constructor(components: ProofBookComponents) {
    this.#components = components
  }

  /**
   * What decides the bits of a stage, in one word: `stage` names model and layers, and with them the weights.
   *
   * @returns Undefined when its graph cannot be read.
   */
  async nameOf(
    { ortVersion, spec, inputs, outputs }: Executor,
    stage: string,
  ): Promise<string | undefined> {
    const { processor = processorClass, graphHash = fileHash } = this.#components
    this.#processor ??= processor()
    const tensors = [...inputs, ...outputs].map(({ name, dims }) => `${name}[${dims.join()}]`)
    try {
      const words = [
        probeWord(),
        ortVersion,
        spec.provider,
        spec.optimise,
        await this.#processor,
        stage,
        await graphHash(spec.file),
        ...tensors,
      ]
      return createHash('sha256').update(words.join('\0')).digest('hex')
    } catch (error) {
      return this.#missed('proof not looked for', error)
    }
  }

  /** Undefined when there is none, or none that is whole. */
  async find(name: string): Promise<KeptProof | undefined> {
    try {
      const value = await this.#components.store.get(PREFIX + name)
      const kept = value === undefined ? undefined : openedRecord(proofShape, value)
      if (kept === undefined) return undefined
      const { besideUs, chunkUs, ...proof } = kept
      return {
        ...proof,
        ...(besideUs === undefined ? {} : { besideUs }),
        ...(chunkUs === undefined ? {} : { chunkUs }),
      }
    } catch (error) {
      return this.#missed('proof not read', error)
    }
  }

  /** Never rejects. */
  async keep(name: string, proof: KeptProof): Promise<void> {
    const { store } = this.#components
    const { stepUs, besideUs, chunkUs, ...bits } = proof
    const value = sealedRecord(proofShape, {
      ...bits,
      stepUs: Math.round(stepUs),
      besideUs: besideUs === undefined ? undefined : Math.round(besideUs),
      chunkUs: chunkUs === undefined ? undefined : Math.round(chunkUs),
    })
    try {
      const kept = await store.entries(PREFIX, PROOFS_MAX + 1)
      for (const { key } of kept.slice(PROOFS_MAX - 1)) await store.del(key)
      await store.put(PREFIX + name, value)
    } catch (error) {
      this.#missed('proof not kept', error)
    }
  }

  /** The next load of the stage proves it anew. Never rejects. */
  async forget(name: string): Promise<void> {
    try {
      await this.#components.store.del(PREFIX + name)
    } catch (error) {
      this.#missed('proof not forgotten', error)
    }
  }

  /** The next load of the stage proves it again. */
  #missed(message: string, error: unknown): undefined {
    this.#components.logger.warn(message, { code: errorCode(error) })
    return undefined
  }
}

async function fileHash(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
