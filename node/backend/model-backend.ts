/**
 * The store side of the API: models come, go and are looked at.
 *
 * @module
 */

import { basename } from 'node:path'
import { errorCode } from '../../core/errors.ts'
import {
  cacheBytesPerToken,
  cacheCount,
  cutBytes,
  manifestBlobs,
  type BuildConfig,
  type Manifest,
} from '../../models/index.ts'
import type { ModelBackend } from '../api/backend.ts'
import type { EventFeed } from '../api/event-log.ts'
import type {
  BuildRequest,
  FetchRequest,
  ImportRequest,
  ModelDetail,
  ModelList,
  ModelSummary,
  RemovedModel,
} from '../api/schemas/models.ts'
import type { OperationEvent, OperationRef, OperationView } from '../api/schemas/operations.ts'
import type { ModelHub } from '../hub/model-hub.ts'
import { hubRefOf } from '../hub/hub-ref.ts'
import type { ModelSource } from '../model-source.ts'
import type { CatalogueModel, ModelCatalogue } from '../models/catalogue.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import type { Operations } from './operations.ts'

export interface ModelBackendComponents {
  readonly catalogue: ModelCatalogue
  readonly source: ModelSource
  readonly hub: ModelHub
  readonly blobs: BlobStore
  readonly operations: Operations
}

export class DaemonModelBackend implements ModelBackend {
  readonly #components: ModelBackendComponents

  constructor(components: ModelBackendComponents) {
    this.#components = components
  }

  async models(): Promise<ModelList> {
    const { catalogue, blobs } = this.#components
    return {
      models: catalogue.list().map((model) => this.#summary(model)),
      storeBytes: blobs.usedBytes,
      storeBytesMax: blobs.quotaBytes,
    }
  }

  async model(ref: string): Promise<ModelDetail | undefined> {
    const model = await this.#find(ref)
    if (model === undefined) return undefined
    const { manifest } = model
    return {
      ...this.#summary(model),
      inputs: manifest.inputs.map(({ name, type, dims }) => ({ name, type, dims: [...dims] })),
      outputs: manifest.outputs.map(({ name, type, dims }) => ({ name, type, dims: [...dims] })),
      layerList: layersOf(manifest),
      ...textOf(manifest),
    }
  }

  async importModel(request: ImportRequest): Promise<OperationRef> {
    const { catalogue, source, operations } = this.#components
    const init = {
      file: request.file,
      name: request.name ?? nameOf(request.file),
      licence: request.licence,
      dims: request.dims ?? {},
      past: request.past ?? 'cache',
      quantisation: request.quantisation ?? 'none',
    }
    return operations.begin('import', async (work) => {
      const model = await catalogue.import(init, work)
      source.announce()
      return this.#summary(model)
    })
  }

  async buildModel({ name, ...config }: BuildRequest): Promise<OperationRef> {
    const { catalogue, source, operations } = this.#components
    return operations.begin('build', async (work) => {
      const built = { config: config as BuildConfig, name: name ?? `${config.kind}-${config.seed}` }
      const model = await catalogue.build(built, work)
      source.announce()
      return this.#summary(model)
    })
  }

  async fetchModel(request: FetchRequest): Promise<OperationRef> {
    const { catalogue, source, hub, operations } = this.#components
    hubRefOf(request.source)
    return operations.begin('pull', async (work) => {
      const { signal, progress } = work
      const onProgress = (done: number, total: number): void =>
        progress({ step: 'fetch', done, total, unit: 'bytes' })
      await using fetched = await hub.fetch(request.source, request.endpoint, {
        signal,
        onProgress,
      })
      const init = {
        file: fetched.path,
        origin: fetched.origin,
        name: request.name ?? nameOf(fetched.name),
        licence: request.licence ?? fetched.licence,
        dims: {},
        past: request.past ?? 'cache',
        quantisation: request.quantisation ?? 'none',
      } as const
      const model = await catalogue.import(init, work)
      source.announce()
      return this.#summary(model)
    })
  }

  async pullModel(ref: string): Promise<OperationRef | undefined> {
    const { source, operations } = this.#components
    const model = await this.#find(ref)
    if (model === undefined) return undefined
    return operations.begin('pull', async ({ signal, progress }) => {
      const onProgress = (done: number, total: number): void =>
        progress({ step: 'fetch', done, total, unit: 'bytes' })
      await source.pull(model, { signal, onProgress })
      return this.#summary(model)
    })
  }

  async verifyModel(ref: string): Promise<OperationRef | undefined> {
    const { catalogue, operations } = this.#components
    const model = await this.#find(ref)
    if (model === undefined) return undefined
    return operations.begin('verify', async (work) => {
      await catalogue.verify(model.id, work)
      return this.#summary(model)
    })
  }

  async removeModel(ref: string): Promise<RemovedModel | undefined> {
    const { catalogue, source } = this.#components
    const model = this.#held(ref)
    if (model === undefined) return undefined
    const freedBytes = await catalogue.remove(model.id)
    source.announce()
    return { id: model.id, freedBytes }
  }

  async operation(id: string): Promise<OperationView | undefined> {
    return this.#components.operations.view(id)
  }

  operationEvents(id: string): EventFeed<OperationEvent> | undefined {
    return this.#components.operations.events(id)
  }

  async cancelOperation(id: string): Promise<OperationView | undefined> {
    return this.#components.operations.cancel(id)
  }

  #held(ref: string): CatalogueModel | undefined {
    try {
      return this.#components.catalogue.get(ref)
    } catch (error) {
      if (errorCode(error) === 'MODELS_NOT_FOUND') return undefined
      throw error
    }
  }

  async #find(ref: string): Promise<CatalogueModel | undefined> {
    try {
      return await this.#components.source.resolve(ref, AbortSignal.timeout(RESOLVE_MS_MAX))
    } catch (error) {
      if (errorCode(error) === 'MODELS_NOT_FOUND') return undefined
      throw error
    }
  }

  #summary({ id, manifest, addedMs }: CatalogueModel): ModelSummary {
    const { catalogue } = this.#components
    const missing = catalogue.missing(manifest)
    return {
      id,
      name: manifest.name,
      licence: manifest.licence,
      bytes: manifestBlobs(manifest)
        .map(({ bytes }) => bytes)
        .reduce(add, 0),
      missingBytes: missing.map(({ bytes }) => bytes).reduce(add, 0),
      layers: manifest.layers.length,
      tensors: manifest.tensors.length,
      importedMs: Math.round(addedMs),
    }
  }
}

/** Longest search of the mesh for a model that is not here, in ms. */
const RESOLVE_MS_MAX = 10_000

function layersOf(manifest: Manifest): ModelDetail['layerList'] {
  return manifest.layers.map(({ flops, weightBytes }, index) => {
    const from = manifest.cuts[index]
    const to = manifest.cuts[index + 1]
    const last = index === manifest.layers.length - 1
    return {
      index,
      name: to?.tensors[0]?.name ?? '',
      nodes: Math.max(0, (to?.position ?? 0) - (from?.position ?? 0)),
      weightBytes,
      megaflops: flops / 1e6,
      cutBytes: last || to === undefined ? 0 : cutBytes(to),
    }
  })
}

function textOf({ text }: Manifest): Pick<ModelDetail, 'text'> {
  if (text === undefined) return {}
  return {
    text: {
      contextTokens: text.positionsMax,
      vocabulary: text.vocabulary,
      cacheBytesPerToken: cacheBytesPerToken(cacheCount(text), text),
      tokenizer: text.tokenizer !== undefined,
      chatTemplate: text.chatTemplate !== undefined,
    },
  }
}

/** A name that a model may have, from the name of its file. */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/(?:-\d{5}-of-\d{5})?\.(?:onnx|gguf|safetensors)$/, '')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 64)
  return /^[A-Za-z0-9]/.test(name) ? name : `model-${name}`.slice(0, 64)
}

function add(a: number, b: number): number {
  return a + b
}
