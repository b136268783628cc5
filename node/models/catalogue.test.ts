import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import type { BlobId, ModelId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { TensorType } from '../../core/tensor.ts'
import {
  accepted,
  decodeModel,
  encodeManifest,
  encodeModel,
  type BuildConfig,
  type Manifest,
} from '../../models/index.ts'
import { smallModel, smallSizes } from '../../test/fixtures/layered-model.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { BlobStore } from '../storage/blob-store.ts'
import { ModelCatalogue } from './catalogue.ts'
import { makeGuestRoom } from './guest-space.ts'
import { GUESTS_MAX } from './index-entry.ts'
import type { ModelRuntime } from './ports.ts'

/** Optimises nothing, and says of every tensor what the small model has. */
class FakeRuntime implements ModelRuntime {
  failure: Error | undefined

  async optimise(file: string, target: string): Promise<void> {
    await copyFile(file, target)
  }

  async inspect(file: string): ReturnType<ModelRuntime['inspect']> {
    if (this.failure !== undefined) throw this.failure
    accepted(decodeModel(await readFile(file)))
    const value = (name: string) => ({ name, type: 'float32' as TensorType, dims: [1, 32] })
    return {
      inputs: ['x', 'mask'].map(value),
      outputs: ['y', 'early'].map(value),
      values: [...smallSizes().keys()].map(value),
    }
  }

  load(): ReturnType<ModelRuntime['load']> {
    return Promise.reject(new Error('nothing runs here'))
  }
}

const signal = new AbortController().signal
let root = ''
let file = ''
let runtime: FakeRuntime
let blobs: BlobStore
let state: MemoryStore
let clock: ManualClock

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-catalogue-'))
  file = join(root, 'small.onnx')
  await writeFile(file, encodeModel(smallModel()))
  runtime = new FakeRuntime()
  clock = new ManualClock()
  state = new MemoryStore()
  const init = { root: join(root, 'store'), quotaBytes: 2 ** 30, freeBytesMin: 0 }
  blobs = new BlobStore({ clock, logger: SILENT_LOGGER }, init)
  await blobs.start(signal)
})

afterEach(async () => {
  await blobs.stop()
  await rm(root, { recursive: true })
})

async function catalogue(): Promise<ModelCatalogue> {
  const { sha256 } = nodeCrypto
  const limits = { memoryBytesMax: 1e9, loadMsMax: 1e4, runMsMax: 1e4 }
  const started = new ModelCatalogue(
    { blobs, state, runtime, sha256, clock, logger: SILENT_LOGGER },
    { folder: join(root, 'store'), ...limits },
  )
  await started.start(signal)
  return started
}

const small = (name = 'small') => ({
  file,
  name,
  licence: 'CC0-1.0',
  dims: {},
  past: 'cache' as const,
  quantisation: 'none' as const,
})

/** A model that another device brought. */
async function adopted(models: ModelCatalogue, manifest: Manifest) {
  const { id } = await blobs.put(encodeManifest(manifest))
  return models.adopt(id as string as ModelId, { guest: true })
}

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => errorCode(error) ?? error,
  )

const folder = async () => (await readdir(join(root, 'store'))).toSorted()
const EMPTY_STORE = ['blobs', 'partial', 'quarantine']

describe('the catalogue of models', () => {
  it('knows an imported model by its id, its name and the beginning of its id', async () => {
    const models = await catalogue()
    const { id, manifest } = await models.import(small())
    expect([id, 'small', id.slice(0, 8)].map((ref) => models.get(ref).id)).toEqual([id, id, id])
    expect(manifest.source).toBe('small.onnx')
    expect(manifest.tensors.map(({ name }) => name)).toEqual(['w0', 'w1', 'w2', 'w3'])
    expect(models.missing(manifest)).toEqual([])
    expect(await folder()).toEqual(EMPTY_STORE)
    expect(() => models.get(id.slice(0, 7))).toThrow('no model ')
  })

  it('gives the same id to the same model', async () => {
    const models = await catalogue()
    expect((await models.import(small())).id).toBe((await models.import(small())).id)
  })

  it('asks which of two models of one name is meant', async () => {
    const models = await catalogue()
    await models.import(small())
    await models.import({ ...small(), licence: 'MIT' })
    expect(() => models.get('small')).toThrow('expected one model, got 2')
  })

  it('still knows its models after a restart, and forgets those whose manifest is gone', async () => {
    const { id } = await (await catalogue()).import(small())
    expect((await catalogue()).list().map((model) => model.id)).toEqual([id])
    await blobs.remove(id as string as BlobId)
    expect((await catalogue()).list()).toEqual([])
    expect([...state.values.keys()]).toEqual([])
  })

  it('leaves the store as it was when an import fails', async () => {
    const models = await catalogue()
    runtime.failure = new Error('does not run')
    expect(await codeOf(models.import(small()))).toBe(runtime.failure)
    expect(blobs.list()).toEqual([])
    expect(await folder()).toEqual(EMPTY_STORE)
  })

  it('keeps blobs that were there before an import that fails', async () => {
    const models = await catalogue()
    await models.import(small())
    const before = blobs.list()
    runtime.failure = new Error('does not run')
    await codeOf(models.import(small('again')))
    expect(blobs.list()).toEqual(before)
  })

  it('stops an import when it is told to', async () => {
    const models = await catalogue()
    const stopping = new AbortController()
    const progress = (): void => stopping.abort()
    const stopped = models.import(small(), { progress, signal: stopping.signal })
    expect(await codeOf(stopped)).toBe(stopping.signal.reason)
    expect(blobs.list()).toEqual([])
    expect(await folder()).toEqual(EMPTY_STORE)
  })

  it('removes what an import left that never ended', async () => {
    await writeFile(join(root, 'store', '.import-0123-given.onnx'), 'half')
    await catalogue()
    expect(await folder()).toEqual(EMPTY_STORE)
  })

  it('says what is wrong with a file', async () => {
    const models = await catalogue()
    const missing = models.import({ ...small(), file: join(root, 'none.onnx') })
    expect(await codeOf(missing)).toBe('MODELS_FILE_UNREADABLE')
    await writeFile(join(root, 'text.onnx'), 'this is no model')
    const text = models.import({ ...small(), file: join(root, 'text.onnx') })
    expect(await codeOf(text)).toMatch(/^ONNX_/)
    const dims = models.import({ ...small(), dims: { width: 3 } })
    expect(await codeOf(dims)).toBe('MODELS_DIM_UNKNOWN')
  })

  it('writes stage files beside the blobs, and only when it holds them', async () => {
    const models = await catalogue()
    const { id, manifest } = await models.import(small())
    const range = { fromLayer: 0, toLayer: 2 }
    const { file: stage, description } = await models.stageFile(id, range)
    expect(stage).toBe(join(root, 'store', `${id}-0-2.onnx`))
    expect(accepted(decodeModel(await readFile(stage))).graph?.node.length).toBeGreaterThan(0)
    expect(description.sends).toEqual(manifest.cuts[2]?.tensors)
    const wrong = models.stageFile(id, { fromLayer: 2, toLayer: 2 })
    expect(await codeOf(wrong)).toBe('MODELS_RANGE_INVALID')
    await blobs.remove(manifest.skeleton.id)
    expect(await codeOf(models.stageFile(id, range))).toBe('MODELS_INCOMPLETE')
    expect(models.missing(manifest, range)).toEqual([manifest.skeleton])
  })

  it('removes a model, but nothing that another one needs', async () => {
    const models = await catalogue()
    const first = await models.import(small())
    const before = blobs.list()
    const second = await models.import(small('second'))
    await models.stageFile(second.id, { fromLayer: 0, toLayer: 1 })
    const own = blobs.list().filter(({ id }) => !before.some((blob) => blob.id === id))
    expect(await models.remove(second.id)).toBe(own.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(blobs.list()).toEqual(before)
    expect(await folder()).toEqual(EMPTY_STORE)
    await models.remove(first.id)
    expect(blobs.list()).toEqual([])
    expect(await codeOf(models.verify(first.id))).toBe('MODELS_NOT_FOUND')
  })

  it('adopts a model whose manifest came from elsewhere', async () => {
    const { id } = await (await catalogue()).import(small())
    state.values.clear()
    const models = await catalogue()
    expect(models.list()).toEqual([])
    expect((await models.adopt(id)).manifest.name).toBe('small')
    const other = await blobs.put(Uint8Array.of(1, 2, 3))
    const wrong = models.adopt(other.id as string as typeof id)
    expect(await codeOf(wrong)).toBe('MODELS_MANIFEST_INVALID')
  })

  it('prefers what its owner calls so to what another device brought', async () => {
    const models = await catalogue()
    const own = await models.import(small('mine'))
    const theirs = { ...own.manifest, source: 'elsewhere' }
    const guest = await adopted(models, theirs)
    expect([guest.guest, models.get('mine').id, models.get(guest.id).id]).toEqual([
      true,
      own.id,
      guest.id,
    ])
    await models.adopt(guest.id)
    expect(() => models.get('mine')).toThrow(expect.objectContaining({ code: 'MODELS_AMBIGUOUS' }))
    expect((await catalogue()).list().map((model) => model.guest)).toEqual([false, false])
  })

  it('keeps only so many models that others brought, and all of its owner', async () => {
    const models = await catalogue()
    const own = await models.import(small('mine'))
    const { manifest } = own
    for (let index = 0; index <= GUESTS_MAX; index++) {
      await clock.advance(1)
      await adopted(models, { ...manifest, name: `guest-${index}` })
    }
    const names = (await catalogue()).list().map((model) => model.manifest.name)
    expect([names.length, names.includes('mine'), names.includes('guest-0')]).toEqual([
      GUESTS_MAX + 1,
      true,
      false,
    ])
  })

  it('gives guests half of the disk, the newest ones', async () => {
    const models = await catalogue()
    const own = await models.import(small('mine'))
    const held = { size: () => 100, usedBytes: 0, quotaBytes: 1_000 }
    const blob = { ...own.manifest.skeleton, id: 'ee'.repeat(32) as BlobId }
    const guests = []
    for (const name of ['first', 'second', 'third']) {
      await clock.advance(1)
      const skeleton = {
        ...blob,
        id: `${name.length}${name.codePointAt(0)}`.padEnd(64, 'e') as BlobId,
      }
      guests.push(await adopted(models, { ...own.manifest, name, skeleton }))
    }
    const [first, second, third] = guests.map(({ id }) => id)
    expect(first).toBeDefined()
    const id = third ?? own.id
    await makeGuestRoom({ catalogue: models, blobs: held }, { id, bytes: 200 })
    expect(models.list().length).toBe(4)
    await makeGuestRoom({ catalogue: models, blobs: held }, { id, bytes: 300 })
    expect(models.list().map((model) => model.id)).toEqual([own.id, second, third])
    const tooMuch = makeGuestRoom({ catalogue: models, blobs: held }, { id, bytes: 501 })
    expect(await codeOf(tooMuch)).toBe('BLOB_QUOTA_EXCEEDED')
  })

  it('says that a changed blob is damaged', async () => {
    const models = await catalogue()
    const { id, manifest } = await models.import(small())
    await writeFile(blobs.pathOf(manifest.skeleton.id), 'other bytes')
    expect(await codeOf(models.verify(id))).toBe('BLOB_CORRUPTED')
  })

  it('refuses to build what cannot be', async () => {
    const models = await catalogue()
    const config: BuildConfig = {
      kind: 'mlp',
      inputs: 1,
      hidden: [],
      outputs: 1,
      activation: 'relu',
      batchNorm: false,
      seed: 1,
    }
    expect(await codeOf(models.build({ config, name: 'none' }))).toBe('MODELS_BUILD_INVALID')
  })
})
