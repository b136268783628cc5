/**
 * Outputs of jobs on disk, one file a job, until the job is forgotten.
 *
 * A file is a row of records, each a length of four bytes, little endian, and canonical CBOR:
 * outputs are appended as they come, and those that come while a write is under way share the next.
 *
 * @module
 */

import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
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
import { TENSORS_MAX } from '../../../protocols/inference/index.ts'
import { storageErrorOf } from '../../storage/errors.ts'

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]
const LENGTH_BYTES = 4
const RECORD_BYTES_MAX = 2 ** 32 - 1

const outputShape = record({
  input: uint(2 ** 32 - 1),
  tensors: list(
    record({
      name: text(512),
      type: word(...TYPES),
      dims: list(uint(), TENSOR_RANK_MAX),
      data: bytes(0, 2 ** 31),
    }),
    TENSORS_MAX,
  ),
})

export class JobOutputs {
  readonly #folder: string
  readonly #writers = new Map<JobId, OutputWriter>()

  /** @param folder - Where the jobs' files lie; made when the first output comes. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @throws {StorageError} `STATE_DISK_FULL` and the like; the job then has failed. */
  async put(job: JobId, input: number, tensors: readonly Tensor[]): Promise<void> {
    const path = this.#file(job)
    const writer = this.#writers.get(job) ?? new OutputWriter(this.#folder, path)
    this.#writers.set(job, writer)
    try {
      await writer.append(encodeShape(outputShape, { input, tensors }))
    } catch (error) {
      throw storageErrorOf(error, path)
    }
  }

  /** Says that no more outputs of this job will come. */
  async close(job: JobId): Promise<void> {
    const writer = this.#writers.get(job)
    this.#writers.delete(job)
    await writer?.close()
  }

  /** The outputs of inputs 0 to `count - 1`, or undefined when one is not there. */
  async read(job: JobId, count: number): Promise<readonly (readonly Tensor[])[] | undefined> {
    const outputs = new Map<number, readonly Tensor[]>()
    try {
      await using file = await open(this.#file(job), 'r')
      for (let body = await readRecord(file); body; body = await readRecord(file)) {
        const decoded = decodeShape(outputShape, body)
        if (decoded.type === 'refused') return undefined
        outputs.set(decoded.value.input, decoded.value.tensors)
      }
    } catch {
      // A file that is gone or cannot be read is told as outputs that are not kept.
      return undefined
    }
    const ordered = Array.from({ length: count }, (_, input) => outputs.get(input) ?? [])
    return outputs.size === count ? ordered : undefined
  }

  async remove(job: JobId): Promise<void> {
    await this.close(job)
    await rm(this.#file(job), { force: true })
  }

  #file(job: JobId): string {
    return join(this.#folder, `${job}.outputs`)
  }
}

interface Waiting {
  readonly body: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Appends to one file, which is made with the first output. */
class OutputWriter {
  readonly #folder: string
  readonly #path: string
  #file: FileHandle | undefined
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined

  constructor(folder: string, path: string) {
    this.#folder = folder
    this.#path = path
  }

  append(body: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ body, resolve, reject })
    this.#writing ??= this.#writeAll()
    return promise
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file?.close()
    this.#file = undefined
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        await this.#write(batch)
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#writing = undefined
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    if (this.#file === undefined) {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 })
      this.#file = await open(this.#path, 'w', 0o600)
    }
    // Not synced: a job that a crash interrupts is run again anyway.
    await this.#file.appendFile(Buffer.concat(batch.flatMap(({ body }) => [lengthOf(body), body])))
  }
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  const prefix = new Uint8Array(LENGTH_BYTES)
  new DataView(prefix.buffer).setUint32(0, Math.min(length, RECORD_BYTES_MAX), true)
  return prefix
}

/** The body of the next record; undefined at the end of the file, also when that cuts the record short. */
async function readRecord(file: FileHandle): Promise<Uint8Array | undefined> {
  const prefix = await readExactly(file, LENGTH_BYTES)
  return prefix && readExactly(file, new DataView(prefix.buffer).getUint32(0, true))
}

async function readExactly(file: FileHandle, length: number): Promise<Uint8Array | undefined> {
  const target = new Uint8Array(length)
  let at = 0
  while (at < length) {
    const { bytesRead } = await file.read(target, at, length - at)
    if (bytesRead === 0) return undefined
    at += bytesRead
  }
  return target
}
