/**
 * Which files of a repository make up the model that is meant.
 *
 * @module
 */

import { partName, partNames } from '../../models/index.ts'
import { HubError } from './errors.ts'
import type { HubFile } from './hub-client.ts'

export interface HubChoice {
  /** All that is fetched. */
  readonly files: readonly HubFile[]
  /** What is imported: a path in the repository, or undefined for the folder itself. */
  readonly entry: string | undefined
}

const SAFETENSORS = 'model.safetensors'
const SAFETENSORS_INDEX = 'model.safetensors.index.json'
const CONFIG = 'config.json'

/** What stands beside weights and is read with them. */
const BESIDE: ReadonlySet<string> = new Set([
  CONFIG,
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
])
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/
/** Names in a message. */
const NAMED_MAX = 20

/** @throws {HubError} HUB_NOT_FOUND, HUB_CHOICE_NEEDED, HUB_NO_MODEL. */
export function chooseFiles(files: readonly HubFile[], wanted: string | undefined): HubChoice {
  if (wanted !== undefined) return named(files, wanted)
  const paths = new Set(files.map(({ path }) => path))
  if (paths.has(CONFIG) && (paths.has(SAFETENSORS) || paths.has(SAFETENSORS_INDEX))) {
    return { files: files.filter(({ path }) => isOfSafetensors(path)), entry: undefined }
  }
  for (const suffix of ['.gguf', '.onnx']) {
    const models = files.filter(({ path }) => path.endsWith(suffix) && !isLaterPart(path))
    const [model, ...others] = models
    if (model === undefined) continue
    if (others.length === 0) return named(files, model.path)
    const names = models.slice(0, NAMED_MAX).map(({ path }) => path)
    throw new HubError({ code: 'HUB_CHOICE_NEEDED', count: models.length, files: names })
  }
  throw new HubError({ code: 'HUB_NO_MODEL' })
}

function isOfSafetensors(path: string): boolean {
  return BESIDE.has(path) || SHARD.test(path) || path === SAFETENSORS || path === SAFETENSORS_INDEX
}

/** One file, and those beside it that say how it is to be read. */
function named(files: readonly HubFile[], wanted: string): HubChoice {
  const model = files.find(({ path }) => path === wanted)
  if (model === undefined) throw new HubError({ code: 'HUB_NOT_FOUND', what: 'the file' })
  // A GGUF file says all by itself, or with its other parts.
  if (wanted.endsWith('.gguf')) return { files: partsOf(files, model), entry: wanted }
  const own = wanted.slice(0, wanted.lastIndexOf('/') + 1)
  // Exports often lie in a folder of their own, with the rest of their model around it.
  const folder = /(?:^|\/)onnx\/$/.test(own) ? own.slice(0, -'onnx/'.length) : own
  const beside = files.filter(
    ({ path }) =>
      (path.startsWith(folder) && BESIDE.has(path.slice(folder.length))) || isDataOf(path, wanted),
  )
  return { files: [...beside, model], entry: wanted }
}

/** True for parts of a model whose first part stands for all. */
function isLaterPart(path: string): boolean {
  return (partName(path)?.part ?? 0) > 0
}

/** @throws {HubError} HUB_NOT_FOUND, where one of them is missing. */
function partsOf(files: readonly HubFile[], model: HubFile): readonly HubFile[] {
  const own = partName(model.path)
  if (own === undefined) return [model]
  // One that says more parts than there are files has some that are missing.
  const most = Math.min(own.count, files.length + 1)
  return partNames(own)
    .slice(0, most)
    .map((path, part) => {
      const file = files.find((one) => one.path === path)
      const what = `part ${part + 1} of ${own.count} of the model`
      return file ?? lost(what)
    })
}

function lost(what: string): never {
  throw new HubError({ code: 'HUB_NOT_FOUND', what })
}

/** Weights of an ONNX file that lie outside it, by the names that exporters give. */
function isDataOf(path: string, model: string): boolean {
  return path.startsWith(`${model}_data`) || path === `${model}.data`
}
