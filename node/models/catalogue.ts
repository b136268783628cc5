/**
 * The models of this device: known by id, name or the beginning of an id.
 *
 * A known model may lack blobs: whoever runs a few of its layers holds only theirs.
 *
 * @module
 */

import { join } from 'node:path'
import type { BlobId, ModelId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import {
  accepted,
  buildStage,
  type HeadGives,
  decodeManifest,
  decodeModel,
  encodeModel,
  isLayerRange,
  manifestBlobs,
  MANIFEST_BYTES_MAX,
  ModelError,
  severalTexts,
  SKELETON_BYTES_MAX,
  stageNeeds,
  type BlobRef,
  type BuildConfig,
  type LayerRange,
  type Manifest,
  type ModelProto,
} from '../../models/index.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import { CatalogueError } from './errors.ts'
import { importBuilt, importModel, type ImportInit } from './importer.ts'
import { GUESTS_MAX, putEntry, readEntries, removeEntry } from './index-entry.ts'
import type { LongWork, ModelComponents, ModelInit } from './ports.ts'
import type { StageFile } from './stage-chain.ts'
import type { ImportedModel } from './store-model.ts'
import { verifyModel, type Verification } from './verifier.ts'
import { removeByPrefix, removeLeftovers } from './workspace.ts'

/** A model as it is listed. */
export interface CatalogueModel {
  readonly id: ModelId
  readonly manifest: Manifest
  /** When it came to this device, on the wall clock, in ms. */
  readonly addedMs: number
  /** True when another device brought it, to have a stage of it run here. */
  readonly guest: boolean
}

/** Which form of a stage is wanted. */
export interface StageWish {
  readonly head?: HeadGives
  /** True for one that takes several texts at once, where the model is one that can be made to. */
  readonly several?: boolean
}

/** Characters of an id that may stand for it. */
const ID_PREFIX_MIN = 8

/** Skeletons that are kept decoded, for models whose stages are made. */
const SKELETONS_CACHED_MAX = 4

export class ModelCatalogue implements Startable {
  readonly #components: ModelComponents
  readonly #init: ModelInit
  readonly #models = new Map<ModelId, CatalogueModel>()
  readonly #skeletons = new Map<BlobId, ModelProto>()

  constructor(components: ModelComponents, init: ModelInit) {
    this.#components = components
    this.#init = init
  }

  /** Reads the list. Models whose manifest is gone are forgotten. */
  async start(signal: AbortSignal): Promise<void> {
    const { state, logger } = this.#components
    await removeLeftovers(this.#init.folder)
    for (const entry of await readEntries(state)) {
      signal.throwIfAborted()
      const manifest = await this.#readManifest(entry.id)
      if (manifest === undefined) {
        logger.warn('model-forgotten', { id: entry.id })
        await removeEntry(state, entry.id)
      } else {
        const { id, addedMs, guest } = entry
        this.#models.set(id, { id, manifest, addedMs, guest })
      }
    }
  }

  async stop(): Promise<void> {
    this.#models.clear()
    this.#skeletons.clear()
  }

  /** All models, the newest last. */
  list(): readonly CatalogueModel[] {
    return [...this.#models.values()].toSorted((a, b) => a.addedMs - b.addedMs)
  }

  /** The model with this id, or undefined. */
  byId(id: ModelId): CatalogueModel | undefined {
    return this.#models.get(id)
  }

  /**
   * The one model that `ref` means: an id, a name, or at least the first 8 characters of an id.
   *
   * What another device brought never stands in the way of what its owner calls so.
   *
   * @throws {CatalogueError} MODELS_NOT_FOUND, MODELS_AMBIGUOUS.
   */
  get(ref: string): CatalogueModel {
    const exact = this.#models.get(ref as ModelId)
    if (exact !== undefined) return exact
    const all = this.list().filter(({ id, manifest }) => manifest.name === ref || isIdOf(ref, id))
    const own = all.filter(({ guest }) => !guest)
    const found = own.length > 0 ? own : all
    const [only, ...others] = found
    if (only === undefined) throw new CatalogueError({ code: 'MODELS_NOT_FOUND', ref })
    if (others.length === 0) return only
    throw new CatalogueError({ code: 'MODELS_AMBIGUOUS', ref, ids: found.map(({ id }) => id) })
  }

  /** Imports a file; see importModel for what it throws. */
  async import(init: ImportInit, work?: LongWork): Promise<CatalogueModel> {
    return this.#add(await importModel(this.#components, this.#init, init, work))
  }

  /** Builds a model; see importBuilt for what it throws. */
  async build(
    init: { readonly config: BuildConfig; readonly name: string },
    work?: LongWork,
  ): Promise<CatalogueModel> {
    return this.#add(await importBuilt(this.#components, this.#init, init, work))
  }

  /**
   * Makes a model known whose manifest came from another device, and is in the blob store. A
   * `guest` is one that nobody here asked for: only so many are kept.
   *
   * @throws {CatalogueError} MODELS_INCOMPLETE when it is not there.
   * @throws {ModelError} MODELS_MANIFEST_INVALID.
   */
  async adopt(id: ModelId, init: { readonly guest?: boolean } = {}): Promise<CatalogueModel> {
    const { guest = false } = init
    const known = this.#models.get(id)
    if (known !== undefined && (guest || !known.guest)) return known
    const bytes = await this.#readBlob(id as string as BlobId, MANIFEST_BYTES_MAX)
    const manifest = accepted(decodeManifest(bytes))
    if (guest) await this.#makeGuestRoom()
    return this.#add({ id, manifest }, guest)
  }

  /** What of a model, or of a range of its layers, is not on this device. */
  missing(manifest: Manifest, range?: LayerRange): readonly BlobRef[] {
    const needed =
      range === undefined
        ? manifestBlobs(manifest)
        : [manifest.skeleton, ...stageNeeds(manifest, range).blobs]
    return needed.filter(({ id }) => !this.#components.blobs.has(id))
  }

  /**
   * Writes the file of one stage beside the blobs that it refers to.
   *
   * @throws {CatalogueError} MODELS_NOT_FOUND, MODELS_INCOMPLETE.
   * @throws {ModelError} MODELS_RANGE_INVALID, MODELS_SKELETON_MISMATCH, or why the skeleton is refused.
   */
  async stageFile(
    id: ModelId,
    range: LayerRange,
    { head = 'logits', several = false }: StageWish = {},
  ): Promise<StageFile> {
    const { manifest } = this.get(id)
    if (!isLayerRange(manifest, range)) {
      const reason = `expected layers in [0, ${manifest.layers.length}]`
      throw new ModelError({ code: 'MODELS_RANGE_INVALID', reason })
    }
    const { length: missing } = this.missing(manifest, range)
    if (missing > 0) throw new CatalogueError({ code: 'MODELS_INCOMPLETE', id, missing })
    const stage = accepted(buildStage(await this.#skeleton(manifest), manifest, range, head))
    const wide = several ? severalTexts(stage.model) : undefined
    const form = `${head === 'hidden' ? '-hidden' : ''}${wide === undefined ? '' : '-texts'}`
    const file = join(this.#init.folder, `${id}-${range.fromLayer}-${range.toLayer}${form}.onnx`)
    await writeFileAtomic(file, encodeModel(wide ?? stage.model))
    return { file, description: stage.description }
  }

  /**
   * Hashes all blobs of a model again, then compares the whole model with its stages.
   *
   * @throws {CatalogueError} MODELS_NOT_FOUND, MODELS_INCOMPLETE, MODELS_NOT_EXACT.
   * @throws {StorageError} BLOB_CORRUPTED.
   */
  async verify(id: ModelId, work?: LongWork): Promise<Verification> {
    const { manifest } = this.get(id)
    const { length: missing } = this.missing(manifest)
    if (missing > 0) throw new CatalogueError({ code: 'MODELS_INCOMPLETE', id, missing })
    return verifyModel(
      { components: this.#components, init: this.#init },
      { id, manifest, stageFile: (range) => this.stageFile(id, range) },
      work,
    )
  }

  /**
   * Forgets a model, and removes what no other model needs.
   *
   * @returns the bytes that became free.
   * @throws {CatalogueError} MODELS_NOT_FOUND.
   * @throws {StorageError} BLOB_BUSY while a part of it is in use; the model is forgotten then, and
   * its blobs go with the next collection.
   */
  async remove(id: ModelId): Promise<number> {
    const { blobs, state } = this.#components
    const { manifest } = this.get(id)
    await removeEntry(state, id)
    this.#models.delete(id)
    this.#skeletons.delete(manifest.skeleton.id)
    await removeByPrefix(this.#init.folder, `${id}-`)
    const kept = this.referenced()
    let freed = 0
    for (const blob of allBlobs({ id, manifest })) {
      if (kept.has(blob)) continue
      const bytes = blobs.size(blob) ?? 0
      if (await blobs.remove(blob)) freed += bytes
    }
    return freed
  }

  /** All blobs that known models need: what a collection must keep. */
  referenced(): ReadonlySet<BlobId> {
    return new Set(this.list().flatMap(allBlobs))
  }

  /** Guests beyond their number are forgotten; their blobs go with the next collection. */
  async #makeGuestRoom(): Promise<void> {
    const guests = this.list().filter(({ guest }) => guest)
    for (const { id } of guests.slice(0, Math.max(0, guests.length + 1 - GUESTS_MAX))) {
      await removeEntry(this.#components.state, id)
      this.#models.delete(id)
    }
  }

  async #add({ id, manifest }: ImportedModel, guest = false): Promise<CatalogueModel> {
    const { blobs, clock, state } = this.#components
    const model = { id, manifest, addedMs: Math.round(clock.wallMs()), guest }
    const manifestBytes = blobs.size(id as string as BlobId) ?? 0
    await putEntry(state, { id, addedMs: model.addedMs, manifestBytes, guest })
    this.#models.set(id, model)
    return model
  }

  async #readManifest(id: ModelId): Promise<Manifest | undefined> {
    if (!this.#components.blobs.has(id as string as BlobId)) return undefined
    const decoded = decodeManifest(await this.#readBlob(id as string as BlobId, MANIFEST_BYTES_MAX))
    return decoded.type === 'value' ? decoded.value : undefined
  }

  async #skeleton({ skeleton }: Manifest): Promise<ModelProto> {
    const cached = this.#skeletons.get(skeleton.id)
    if (cached !== undefined) return cached
    const model = accepted(decodeModel(await this.#readBlob(skeleton.id, SKELETON_BYTES_MAX)))
    const [oldest] = this.#skeletons.keys()
    if (this.#skeletons.size >= SKELETONS_CACHED_MAX && oldest !== undefined) {
      this.#skeletons.delete(oldest)
    }
    this.#skeletons.set(skeleton.id, model)
    return model
  }

  async #readBlob(id: BlobId, bytesMax: number): Promise<Uint8Array> {
    const { blobs } = this.#components
    const size = blobs.size(id)
    if (size === undefined) throw new CatalogueError({ code: 'MODELS_INCOMPLETE', id, missing: 1 })
    if (size > bytesMax) {
      const reason = `expected at most ${bytesMax} bytes, got ${size}`
      throw new ModelError({ code: 'ONNX_LIMIT', reason })
    }
    return blobs.read(id, 0, size)
  }
}

/** True when `ref` is the id of a model, or enough of its beginning. */
export function isIdOf(ref: string, id: ModelId): boolean {
  return ref.length >= ID_PREFIX_MIN && id.startsWith(ref)
}

/** The manifest's blob, which the model's id names, and those that the manifest names. */
function allBlobs({ id, manifest }: Pick<CatalogueModel, 'id' | 'manifest'>): readonly BlobId[] {
  return [id as string as BlobId].concat(manifestBlobs(manifest).map((ref) => ref.id))
}
