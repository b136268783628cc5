import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BlobId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import { CHUNK_BYTES, type BlobRef } from '../../protocols/blocks/index.ts'
import { systemClock } from '../system/system-clock.ts'
import { blobRefOf } from './blob-hasher.ts'
import { BlobStore, type BlobStoreInit } from './blob-store.ts'
import { nodeFileSystem, type FileSystem } from './file-system.ts'

let root: string
const stores: BlobStore[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-blobs-'))
})

afterEach(async () => {
  for (const store of stores.splice(0)) await store.stop()
  await rm(root, { recursive: true })
})

async function open(
  init: Partial<BlobStoreInit> = {},
  fileSystem: FileSystem = nodeFileSystem,
): Promise<BlobStore> {
  const store = new BlobStore(
    { clock: systemClock, logger: SILENT_LOGGER, fileSystem },
    { root, quotaBytes: 64 * CHUNK_BYTES, freeBytesMin: 0, ...init },
  )
  await store.start(AbortSignal.timeout(10_000))
  stores.push(store)
  return store
}

/** Bytes that differ from chunk to chunk. */
function content(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const pattern = SeededRandom.fromInteger(length).bytes(4099)
  for (let at = 0; at < length; at += pattern.length) {
    bytes.set(pattern.subarray(0, length - at), at)
  }
  return bytes
}

function chunk(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
}

/** A blob of three chunks and a bit. */
const LARGE = content(3 * CHUNK_BYTES + 5)
const LARGE_REF = blobRefOf(LARGE)

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: { failure?: unknown }) => error.failure ?? error,
  )
}

async function write(store: BlobStore, indices: readonly number[]): Promise<void> {
  const writer = await store.openWriter(LARGE_REF)
  for (const index of indices) await writer.writeChunk(index, chunk(LARGE, index))
  await writer.close()
}

describe('blob store', () => {
  it('gives back what was put, by the hash of it, also after a restart', async () => {
    const store = await open()
    const ref = await store.put(LARGE)
    await store.stop()

    const again = await open()
    expect(ref).toEqual(LARGE_REF)
    expect(again.has(ref.id)).toBe(true)
    expect(again.size(ref.id)).toBe(LARGE.length)
    expect(again.usedBytes).toBe(LARGE.length)
    expect(again.pathOf(ref.id)).toBe(join(root, 'blobs', ref.id.slice(0, 2), ref.id))
    expect(await again.read(ref.id, CHUNK_BYTES - 2, 9)).toEqual(
      LARGE.slice(CHUNK_BYTES - 2, CHUNK_BYTES + 7),
    )
    expect(await again.refOf(ref.id)).toEqual(ref)
  })

  it('stores a file and memory under one name, once, and the empty blob too', async () => {
    const path = join(root, 'file')
    await writeFile(path, LARGE)
    const store = await open()

    expect(await store.putFile(path)).toEqual(await store.put(LARGE))
    expect(await store.put(new Uint8Array())).toEqual({
      id: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      bytes: 0,
      chunkHashes: [],
    })
    expect(store.usedBytes).toBe(LARGE.length)
    expect(store.list().length).toBe(2)
    expect(await readdir(join(root, 'partial'))).toEqual([])
  })

  it('refuses what exceeds the quota or the space that must stay free, before it writes', async () => {
    const small = await open({ quotaBytes: 10 })
    expect(await failure(small.put(new Uint8Array(11)))).toEqual({
      code: 'BLOB_QUOTA_EXCEEDED',
      bytes: 11,
      usedBytes: 0,
      quotaBytes: 10,
    })
    expect(await failure(small.openWriter(LARGE_REF))).toMatchObject({
      code: 'BLOB_QUOTA_EXCEEDED',
    })
    const full = await open({ freeBytesMin: Number.MAX_SAFE_INTEGER })
    expect(await failure(full.put(new Uint8Array(1)))).toEqual({
      code: 'STATE_DISK_FULL',
      path: root,
    })
    expect(full.usedBytes).toBe(0)
  })

  it('moves a damaged blob into quarantine and no longer holds it', async () => {
    const store = await open()
    const { id } = await store.put(LARGE)
    const damaged = LARGE.slice()
    damaged[7] = (damaged[7] ?? 0) ^ 1
    await writeFile(store.pathOf(id), damaged)

    expect(await failure(store.verify(id))).toEqual({ code: 'BLOB_CORRUPTED', id })
    expect(store.has(id)).toBe(false)
    expect(store.usedBytes).toBe(0)
    expect(await readdir(join(root, 'quarantine'))).toHaveLength(1)
    expect(await failure(store.verify(id))).toEqual({ code: 'BLOB_NOT_FOUND', id })
  })

  it('finds a truncated blob when it is read, and a removed one', async () => {
    const store = await open()
    const { id } = await store.put(LARGE)
    await truncate(store.pathOf(id), 100)
    expect(await failure(store.read(id, 90, 20))).toEqual({ code: 'BLOB_CORRUPTED', id })

    await store.put(LARGE)
    await rm(store.pathOf(id))
    expect(await failure(store.read(id, 0, 1))).toEqual({ code: 'BLOB_NOT_FOUND', id })
  })

  it('collects what is old, not kept and not pinned', async () => {
    const store = await open()
    const bytes = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte))
    const refs: BlobRef[] = []
    for (const one of bytes) refs.push(await store.put(one))
    const [kept, pinned, old, young] = refs.map(({ id }) => id) as [BlobId, BlobId, BlobId, BlobId]
    for (const id of [kept, pinned, old]) await utimes(store.pathOf(id), 1, 1)
    const unpin = store.pin([pinned])

    const keep = new Set([kept])
    expect(await store.collect({ keep, graceMs: 60_000 })).toEqual({ blobs: 1, bytes: 1 })
    expect(store.list().map(({ id }) => id)).toEqual([kept, pinned, young])
    expect(store.has(old)).toBe(false)
    expect(await failure(store.remove(pinned))).toEqual({ code: 'BLOB_BUSY', id: pinned })
    unpin()
    expect(await store.remove(pinned)).toBe(true)
    expect(await store.remove(pinned)).toBe(false)
  })

  it('removes what a killed process left half-written', async () => {
    await mkdir(join(root, 'partial'), { recursive: true })
    for (const name of ['.blob.1.ab.tmp', `${LARGE_REF.id}.data`, `${'0'.repeat(64)}.bits`]) {
      await writeFile(join(root, 'partial', name), 'x')
    }
    await open()
    expect(await readdir(join(root, 'partial'))).toEqual([])
  })
})

describe('partial blob', () => {
  it('takes chunks in any order and becomes a blob', async () => {
    const store = await open()
    const writer = await store.openWriter(LARGE_REF)
    expect(store.usedBytes).toBe(LARGE.length)
    for (const index of [3, 0, 2]) await writer.writeChunk(index, chunk(LARGE, index))
    expect(writer.missing()).toEqual([1])
    expect(writer.bytesDone).toBe(2 * CHUNK_BYTES + 5)
    expect(await writer.writeChunk(1, chunk(LARGE, 1))).toBe(true)
    expect(await writer.writeChunk(1, chunk(LARGE, 1))).toBe(false)
    await writer.finish()

    expect((await readFile(store.pathOf(LARGE_REF.id))).equals(LARGE)).toBe(true)
    expect(store.usedBytes).toBe(LARGE.length)
    expect(await readdir(join(root, 'partial'))).toEqual([])
  })

  it('goes on where it stopped after a restart', async () => {
    const store = await open()
    await write(store, [2, 0])
    await store.stop()

    const again = await open()
    expect((await again.partialChunks(LARGE_REF)).missing()).toEqual([1, 3])
    const writer = await again.openWriter(LARGE_REF)
    expect(writer.missing()).toEqual([1, 3])
    await writer.writeChunk(1, chunk(LARGE, 1))
    await writer.writeChunk(3, chunk(LARGE, 3))
    await writer.finish()
    expect(again.has(LARGE_REF.id)).toBe(true)
  })

  it('refuses a chunk with wrong bytes, length or place', async () => {
    const store = await open()
    const { id } = LARGE_REF
    const writer = await store.openWriter(LARGE_REF)
    const wrong = [
      [0, chunk(LARGE, 1)],
      [0, chunk(LARGE, 0).subarray(1)],
      [4, new Uint8Array(5)],
      [-1, new Uint8Array(5)],
    ] as const
    for (const [index, bytes] of wrong) {
      const expected = { code: 'BLOB_CHUNK_INVALID', id, index }
      expect(await failure(writer.writeChunk(index, bytes))).toEqual(expected)
    }
    expect(writer.bytesDone).toBe(0)
    await writer.close()
    expect(await readdir(join(root, 'partial'))).toEqual([])
  })

  it('asks again for chunks that the disk has changed', async () => {
    const store = await open()
    const { id } = LARGE_REF
    const writer = await store.openWriter(LARGE_REF)
    for (const index of [0, 1, 2, 3]) await writer.writeChunk(index, chunk(LARGE, index))
    const damaged = LARGE.slice()
    damaged[CHUNK_BYTES + 1] = (damaged[CHUNK_BYTES + 1] ?? 0) ^ 1
    await writeFile(join(root, 'partial', `${id}.data`), damaged)

    expect(await failure(writer.finish())).toEqual({ code: 'BLOB_CORRUPTED', id })
    expect(writer.missing()).toEqual([1])
    await writer.writeChunk(1, chunk(LARGE, 1))
    await writer.finish()
    expect(store.has(id)).toBe(true)
  })

  it('gives up a reference whose chunks do not add up to its id', async () => {
    const store = await open()
    const id = 'ab'.repeat(32) as BlobId
    const writer = await store.openWriter({ ...LARGE_REF, id })
    for (const index of [0, 1, 2, 3]) await writer.writeChunk(index, chunk(LARGE, index))
    expect(await failure(writer.finish())).toMatchObject({ code: 'BLOB_REF_INVALID', id })
    expect(store.usedBytes).toBe(0)
    expect(await readdir(join(root, 'partial'))).toEqual([])
    expect(await failure(store.openWriter({ ...LARGE_REF, bytes: 1 }))).toEqual({
      code: 'BLOB_REF_INVALID',
      id: LARGE_REF.id,
      reason: 'expected 1 chunks, got 4',
    })
  })

  it('has one writer at a time, and forgets everything when abandoned', async () => {
    const store = await open()
    const { id } = LARGE_REF
    const writer = await store.openWriter(LARGE_REF)
    expect(await failure(store.openWriter(LARGE_REF))).toEqual({ code: 'BLOB_BUSY', id })
    await writer.writeChunk(0, chunk(LARGE, 0))
    await writer.abandon()
    expect(store.usedBytes).toBe(0)
    expect(await readdir(join(root, 'partial'))).toEqual([])
  })
})
