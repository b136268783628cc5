/**
 * Outputs of jobs on disk, one file an input, until the job is forgotten.
 *
 * @module
 */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  record,
  text,
  uint,
  word,
} from '../../../core/cbor-shape.ts'
import type { JobId } from '../../../core/ids.ts'
import {
  TENSOR_RANK_MAX,
  TENSOR_TYPES,
  type Tensor,
  type TensorType,
} from '../../../core/tensor.ts'
import { storageErrorOf } from '../../storage/errors.ts'

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]

const outputShape = list(
  record({
    name: text(512),
    type: word(...TYPES),
    dims: list(uint(), TENSOR_RANK_MAX),
    data: bytes(0, 2 ** 31),
  }),
  64,
)

export class JobOutputs {
  readonly #folder: string

  /** @param folder - Where the jobs' folders lie; made when the first output comes. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws {StorageError} `STATE_DISK_FULL` and the like; the job then has failed. */
  async put(job: JobId, input: number, tensors: readonly Tensor[]): Promise<void> {
    const path = this.#file(job, input)
    try {
      await mkdir(join(this.#folder, job), { recursive: true, mode: 0o700 })
      // Not synced: a job that a crash interrupts is run again anyway.
      await writeFile(path, encodeShape(outputShape, tensors), { mode: 0o600 })
    } catch (error) {
      throw storageErrorOf(error, path)
    }
  }

  /** The outputs of one input, or undefined when they are not there. */
  async get(job: JobId, input: number): Promise<readonly Tensor[] | undefined> {
    try {
      const decoded = decodeShape(outputShape, await readFile(this.#file(job, input)))
      return decoded.type === 'value' ? decoded.value : undefined
    } catch {
      // A file that is gone or cannot be read is told as outputs that are not kept.
      return undefined
    }
  }

  async remove(job: JobId): Promise<void> {
    await rm(join(this.#folder, job), { recursive: true, force: true })
  }

  #file(job: JobId, input: number): string {
    return join(this.#folder, job, `${input}.cbor`)
  }
}
