/**
 * Fetches the outputs of a job, and writes them as .npy files.
 *
 * @module
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type CborValue, decodeCbor } from '../../core/canonical-cbor.ts'
import { TENSOR_TYPES, type Tensor, type TensorType } from '../../core/tensor.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import type { ApiClient } from './api-client.ts'
import { CliError } from './errors.ts'
import { encodeNpy } from './npy.ts'

/** The output tensors of each input of a job. */
export type JobOutputs = readonly (readonly Tensor[])[]

/** @throws {CliError} `CLI_RESPONSE_INVALID`; `RemoteProblem` when there is no such job, or it gave none. */
export async function fetchOutputs(client: ApiClient, job: string): Promise<JobOutputs> {
  const path = `/v1/jobs/${encodeURIComponent(job)}/outputs`
  const outputs = outputsFromCbor(await client.bytes(path, 'application/cbor'))
  if (outputs === undefined) throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
  return outputs
}

/**
 * Writes each output tensor to `<directory>/<input>-<name>.npy`, and returns the paths.
 *
 * @throws {CliError} `CLI_OUTPUT_UNWRITABLE`.
 */
export async function writeOutputs(
  outputs: JobOutputs,
  directory: string,
): Promise<readonly string[]> {
  const written: string[] = []
  for (const [index, tensors] of outputs.entries()) {
    for (const tensor of tensors) {
      const file = join(directory, `${index}-${fileName(tensor.name)}.npy`)
      await write(directory, file, encodeNpy(tensor))
      written.push(file)
    }
  }
  return written
}

async function write(directory: string, file: string, bytes: Uint8Array): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
    await writeFileAtomic(file, bytes, { mode: 0o644 })
  } catch (error) {
    throw new CliError({ code: 'CLI_OUTPUT_UNWRITABLE', path: file }, { cause: error })
  }
}

/** A tensor's name as part of a file name: names come from models, and may hold slashes. */
function fileName(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9._-]/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100)
}

/** One array an input, of arrays `[name, type, dims, bytes]`; undefined for anything else. */
function outputsFromCbor(bytes: Uint8Array): JobOutputs | undefined {
  const decoded = decodeCbor(bytes)
  if (decoded.type === 'refused' || !isArray(decoded.value)) return undefined
  const items = decoded.value.map((item) => (isArray(item) ? item.map(tensorOf) : [undefined]))
  return items.flat().includes(undefined) ? undefined : (items as Tensor[][])
}

function tensorOf(value: CborValue): Tensor | undefined {
  if (!isArray(value)) return undefined
  const [name, type, dims, data] = value
  const fits =
    typeof name === 'string' &&
    typeof type === 'string' &&
    Object.hasOwn(TENSOR_TYPES, type) &&
    dims !== undefined &&
    isArray(dims) &&
    data instanceof Uint8Array
  return fits ? { name, type: type as TensorType, dims: dims as number[], data } : undefined
}

function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value)
}
