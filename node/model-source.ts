/**
 * Gets models and parts of them to where they are needed: from the store, else from the mesh.
 *
 * @module
 */

import { errorCode } from '../core/errors.ts'
import type { BlobId, ModelId, PeerId } from '../core/ids.ts'
import type { Logger } from '../core/logger.ts'
import {
  accepted,
  decodeManifest,
  MANIFEST_BYTES_MAX,
  stageNeeds,
  type BlobRef,
  type Manifest,
} from '../models/index.ts'
import { InferenceError, type OpenRecord } from '../protocols/inference/index.ts'
import type { CapabilityRecord } from '../protocols/presence/index.ts'
import type { BlobService } from './blobs/blob-service.ts'
import { headOf, type PreparedStage } from './inference/stage-pool.ts'
import { makeGuestRoom } from './models/guest-space.ts'
import { isIdOf, type CatalogueModel, type ModelCatalogue } from './models/catalogue.ts'
import type { Presence } from './presence/presence.ts'
import { blobRefOf } from './storage/blob-hasher.ts'
import type { BlobStore } from './storage/blob-store.ts'

export interface ModelSourceComponents {
  /** This device: it never fetches from itself. */
  readonly self: PeerId
  readonly catalogue: ModelCatalogue
  readonly blobs: BlobStore
  readonly service: BlobService
  readonly presence: Presence
  readonly logger: Logger
}

export interface ModelSourceInit {
  /** Bytes of weights that one stage may have here: more is not even fetched. */
  readonly weightBytesMax: number
}

export interface FetchWork {
  readonly signal: AbortSignal
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void
}

/** Models that a capability record has room for. */
const HOLDINGS_MAX = 8
/** Manifests that one search of the mesh fetches. */
const MANIFESTS_PER_SEARCH_MAX = 64
/** Longest search of the mesh, in ms: some who claim to hold models may be silent. */
const SEARCH_MS_MAX = 10_000
/** Runs of layers of one model that a record has room for. */
const RANGES_MAX = 4

type Holdings = CapabilityRecord['holdings']

export class ModelSource {
  readonly #components: ModelSourceComponents
  readonly #init: ModelSourceInit

  constructor(components: ModelSourceComponents, init: ModelSourceInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * The model that `ref` means, its manifest fetched from the mesh when nobody here knows it.
   *
   * @throws {CatalogueError} MODELS_NOT_FOUND, MODELS_AMBIGUOUS.
   */
  async resolve(ref: string, signal: AbortSignal): Promise<CatalogueModel> {
    const { catalogue } = this.#components
    try {
      return catalogue.get(ref)
    } catch (error) {
      if (errorCode(error) !== 'MODELS_NOT_FOUND') throw error
      await this.#adoptFromMesh(ref, signal)
      return catalogue.get(ref)
    }
  }

  /** The manifest's bytes by content. */
  async manifestRef({ id }: CatalogueModel): Promise<BlobRef> {
    const { blobs } = this.#components
    const blob = id as string as BlobId
    return blobRefOf(await blobs.read(blob, 0, blobs.size(blob) ?? 0))
  }

  /**
   * The bytes of a model's tokenizer, fetched when they are not here; none for a model without.
   *
   * @param near - Devices that may have it beside those that say so.
   */
  async tokenizer(
    { id, manifest, guest }: CatalogueModel,
    signal: AbortSignal,
    near: readonly PeerId[] = [],
  ): Promise<Uint8Array> {
    const { blobs, service, catalogue } = this.#components
    const ref = manifest.text?.tokenizer
    if (ref === undefined) return new Uint8Array(0)
    if (!blobs.has(ref.id)) {
      if (guest) await makeGuestRoom({ catalogue, blobs }, { id, bytes: ref.bytes })
      await service.fetch([ref], () => this.#others([...near, ...this.#holders(id)]), { signal })
    }
    return blobs.read(ref.id, 0, ref.bytes)
  }

  /**
   * Everything that one stage needs, in the store, and its file.
   *
   * @throws {InferenceError} INFERENCE_TOO_LARGE before anything is fetched that could not be loaded.
   * @throws {StorageError} BLOB_QUOTA_EXCEEDED when it needs more disk than others may have here.
   */
  async prepare(
    open: OpenRecord,
    requester: PeerId,
    { signal, onProgress, several }: FetchWork & { readonly several: boolean },
  ): Promise<PreparedStage> {
    const { catalogue, blobs, service, self } = this.#components
    const guest = requester !== self
    const holders = (): readonly PeerId[] => {
      const route = open.route.map(({ peer }) => peer)
      return this.#others([requester, ...this.#holders(open.model), ...route])
    }
    if (!blobs.has(open.manifest.id)) {
      if (open.manifest.bytes > MANIFEST_BYTES_MAX) throw tooLarge()
      await service.fetch([open.manifest], holders, { signal })
    }
    const { id, manifest } = await catalogue.adopt(open.model, { guest })
    const { fromLayer, toLayer } = open
    const { weightBytes } = stageNeeds(manifest, { fromLayer, toLayer })
    if (weightBytes > this.#init.weightBytesMax) throw tooLarge()
    const missing = catalogue.missing(manifest, { fromLayer, toLayer })
    const fetchedBytes = sum(missing)
    if (missing.length > 0) {
      if (guest) await makeGuestRoom({ catalogue, blobs }, { id, bytes: fetchedBytes })
      await service.fetch(missing, holders, {
        signal,
        onProgress: ({ bytesDone, bytesTotal }) => onProgress(bytesDone, bytesTotal),
      })
      this.announce()
    }
    const stage = await catalogue.stageFile(
      open.model,
      { fromLayer, toLayer },
      { head: headOf(open), several },
    )
    return { ...stage, fetchedBytes, positionsMax: manifest.text?.positionsMax }
  }

  /** Fetches all that is missing of a model. */
  async pull(model: CatalogueModel, { signal, onProgress }: FetchWork): Promise<void> {
    const missing = this.#components.catalogue.missing(model.manifest)
    // Its owner wants it now, whoever brought it.
    await this.#components.catalogue.adopt(model.id)
    await this.#components.service.fetch(missing, () => this.#holders(model.id), {
      signal,
      onProgress: ({ bytesDone, bytesTotal }) => onProgress(bytesDone, bytesTotal),
    })
    this.announce()
  }

  /** Tells the mesh which layers of which models are here. */
  announce(): void {
    this.#components.presence.update({ holdings: this.holdings() })
  }

  /** Layers of models of which every tensor is here, the newest models first. */
  holdings(): Holdings {
    return this.#components.catalogue
      .list()
      .toReversed()
      .slice(0, HOLDINGS_MAX)
      .map(({ id, manifest }) => ({ model: id, ranges: this.#heldRanges(manifest) }))
  }

  /**
   * Makes the model known that `ref` means, if others hold it: manifests are small, weights are not.
   *
   * What does not answer to `ref` stays unknown; its manifest goes with the next collection.
   */
  async #adoptFromMesh(ref: string, givenUp: AbortSignal): Promise<void> {
    const { catalogue, logger } = this.#components
    const signal = AbortSignal.any([givenUp, AbortSignal.timeout(SEARCH_MS_MAX)])
    for (const model of this.#unknownModels(ref).slice(0, MANIFESTS_PER_SEARCH_MAX)) {
      if (signal.aborted) return
      try {
        const { name } = await this.#fetchManifest(model, signal)
        if (name !== ref && !isIdOf(ref, model)) continue
        await catalogue.adopt(model)
        this.announce()
        return
      } catch (error) {
        // Another model may still answer; the caller says when none does.
        logger.debug('manifest-not-fetched', { model, error })
      }
    }
  }

  /** Models that only others know, the one that `ref` names by its id first. */
  #unknownModels(ref: string): readonly ModelId[] {
    const { presence, catalogue } = this.#components
    const held = presence.records().flatMap(({ holdings }) => holdings.map(({ model }) => model))
    const unknown = [...new Set(held)].filter((model) => catalogue.byId(model) === undefined)
    const named = unknown.filter((model) => isIdOf(ref, model))
    return named.length > 0 ? named : unknown
  }

  async #fetchManifest(model: ModelId, signal: AbortSignal): Promise<Manifest> {
    const { blobs, service } = this.#components
    const blob = model as string as BlobId
    await service.fetchWhole(blob, () => this.#holders(model), {
      signal,
      bytesMax: MANIFEST_BYTES_MAX,
    })
    return accepted(decodeManifest(await blobs.read(blob, 0, blobs.size(blob) ?? 0)))
  }

  #heldRanges(manifest: Manifest): { from: number; to: number }[] {
    const { blobs } = this.#components
    const held = manifest.tensors.map(({ blob }) => blobs.has(blob.id))
    const ranges: { from: number; to: number }[] = []
    for (const [index, { tensors }] of manifest.layers.entries()) {
      if (!tensors.every((tensor) => held[tensor])) continue
      const last = ranges.at(-1)
      if (last?.to === index) last.to = index + 1
      else ranges.push({ from: index, to: index + 1 })
    }
    return ranges.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, RANGES_MAX)
  }

  /** Each once, without this device. */
  #others(peers: readonly PeerId[]): readonly PeerId[] {
    const others = new Set(peers)
    others.delete(this.#components.self)
    return [...others]
  }

  #holders(model: ModelId): readonly PeerId[] {
    return this.#components.presence
      .records()
      .filter(({ holdings }) => holdings.some((held) => held.model === model))
      .map(({ peer }) => peer)
  }
}

function sum(refs: readonly BlobRef[]): number {
  return refs.reduce((bytes, ref) => bytes + ref.bytes, 0)
}

function tooLarge(): InferenceError {
  return new InferenceError({ code: 'INFERENCE_TOO_LARGE' })
}
