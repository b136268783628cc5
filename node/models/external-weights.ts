/**
 * Weights of an ONNX model that lie in files beside it, read when they are stored.
 *
 * @module
 */

import { join } from 'node:path'
import { ModelError, staysInGraph, type ExternalPart, type ModelProto } from '../../models/index.ts'
import { ModelFile } from './model-file.ts'
import type { ModelContent } from './store-model.ts'

/** A part, and its file. */
interface OpenPart extends ExternalPart {
  readonly source: ModelFile
}

/** By the names of their initializers. */
export type ExternalParts = ReadonlyMap<string, OpenPart>

/**
 * Opens the files of `parts`, each once.
 *
 * @throws {CatalogueError} MODELS_FILE_UNREADABLE; {ModelError} ONNX_TRUNCATED when one is too short.
 */
export async function openParts(
  folder: string,
  parts: readonly ExternalPart[],
  opened: AsyncDisposableStack,
): Promise<ExternalParts> {
  const files = new Map<string, ModelFile>()
  const open = new Map<string, OpenPart>()
  for (const part of parts) {
    const source = files.get(part.file) ?? opened.use(await ModelFile.open(join(folder, part.file)))
    files.set(part.file, source)
    const end = part.offset + part.bytes
    if (end > source.bytes) {
      const reason = `expected ${part.file} to have ${end} bytes, got ${source.bytes}`
      throw new ModelError({ code: 'ONNX_TRUNCATED', reason })
    }
    open.set(part.name, { ...part, source })
  }
  return open
}

/** The bytes of those that stay in the graph. */
export async function smallParts(
  parts: ExternalParts,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const small = new Map<string, Uint8Array>()
  for (const part of parts.values()) {
    if (staysInGraph(part)) small.set(part.name, await bytesOf(part, signal))
  }
  return small
}

/** Those that `model` needs and that become blobs. */
export function weightsBeside(
  model: ModelProto,
  parts: ExternalParts,
  signal?: AbortSignal,
): ModelContent['weights'] {
  const initializers = model.graph?.initializer ?? []
  const needed = initializers.flatMap(({ name = '' }) => parts.get(name) ?? [])
  return needed
    .filter((part) => !staysInGraph(part))
    .map((part) => ({
      name: part.name,
      type: part.type,
      dims: part.dims,
      content: () => bytesOf(part, signal),
    }))
}

function bytesOf({ source, offset, bytes }: OpenPart, signal?: AbortSignal): Promise<Uint8Array> {
  return source.read(offset, bytes, signal)
}
