import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import { CHUNK_BYTES, type BlobRef } from '../../protocols/blocks/index.ts'
import { failingFileSystem } from '../../test/fixtures/failing-file-system.ts'
import { LinkHub, type LinkDevice } from '../../test/fixtures/link-hub.ts'
import { blobRefOf } from '../storage/blob-hasher.ts'
import { BlobStore } from '../storage/blob-store.ts'
import { nodeFileSystem, type FileSystem } from '../storage/file-system.ts'
import { systemClock } from '../system/system-clock.ts'
import { BlobService, DEFAULT_BLOB_SERVICE_INIT } from './blob-service.ts'

const FETCHER = {
  ...DEFAULT_BLOB_SERVICE_INIT.fetcher,
  retryMs: 5,
  failuresMax: 1,
  searchMs: 40,
  searchEveryMs: 10,
}

interface Device {
  readonly peer: PeerId
  readonly network: LinkDevice
  readonly store: BlobStore
  readonly service: BlobService
}

let root: string
let hub: LinkHub
let devices: Device[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-blob-service-'))
  hub = new LinkHub()
  devices = []
})

afterEach(async () => {
  for (const { service, store } of devices) {
    await service.stop()
    await store.stop()
  }
  await rm(root, { recursive: true })
})

async function device(
  name: string,
  blobs: readonly Uint8Array[] = [],
  store: { readonly fileSystem?: FileSystem; readonly quotaBytes?: number } = {},
): Promise<Device> {
  const components = { clock: systemClock, logger: SILENT_LOGGER }
  const blobStore = new BlobStore(
    { ...components, fileSystem: store.fileSystem ?? nodeFileSystem },
    { root: join(root, name), quotaBytes: store.quotaBytes ?? 1e9, freeBytesMin: 0 },
  )
  const signal = AbortSignal.timeout(10_000)
  await blobStore.start(signal)
  for (const bytes of blobs) await blobStore.put(bytes)
  const network = hub.device(name as PeerId)
  const service = new BlobService(
    { ...components, network, blobs: blobStore },
    { ...DEFAULT_BLOB_SERVICE_INIT, fetcher: FETCHER },
  )
  await service.start(signal)
  const made = { peer: network.self, network, store: blobStore, service }
  devices.push(made)
  return made
}

function content(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const pattern = SeededRandom.fromInteger(seed).bytes(4099)
  for (let at = 0; at < length; at += pattern.length) {
    bytes.set(pattern.subarray(0, length - at), at)
  }
  return bytes
}

const LARGE = content(6 * CHUNK_BYTES + 7, 1)
const SMALL = content(100, 2)
const EMPTY = new Uint8Array()
const CONTENTS = [LARGE, SMALL, EMPTY]
const REFS = CONTENTS.map(blobRefOf)
const [LARGE_REF, SMALL_REF] = REFS as [BlobRef, BlobRef, BlobRef]

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: { failure?: unknown }) => error.failure ?? error,
  )
}

describe('blob service', () => {
  it('fetches from several holders at once and then serves as one', async () => {
    const holders = [await device('a', CONTENTS), await device('b', CONTENTS)]
    const fetcher = await device('c')
    const progress: number[] = []
    const fetched: string[][] = []
    fetcher.service.onFetched((refs) => fetched.push(refs.map(({ id }) => id)))

    await fetcher.service.fetch(REFS, () => holders.map(({ peer }) => peer), {
      onProgress: ({ bytesDone, bytesTotal }) => progress.push(bytesDone / bytesTotal),
    })
    for (const { id } of REFS) await fetcher.store.verify(id)
    expect(progress[0]).toBe(0)
    expect(progress.at(-1)).toBe(1)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(fetched).toEqual([REFS.map(({ id }) => id)])

    const last = await device('d')
    await last.service.fetch(REFS, () => [fetcher.peer])
    expect(last.store.list().length).toBe(REFS.length)
  })

  it('goes on when a holder dies and drops one that lies', async () => {
    const honest = await device('a', CONTENTS)
    const dying = await device('b', CONTENTS)
    const liar = await device('c', CONTENTS)
    await writeFile(liar.store.pathOf(LARGE_REF.id), new Uint8Array(LARGE.length))
    const fetcher = await device('d')
    await fetcher.service.fetch(REFS, () => [liar.peer, dying.peer, honest.peer], {
      onProgress: ({ bytesDone }) => {
        if (bytesDone > CHUNK_BYTES) hub.kill(dying.peer)
      },
    })
    for (const { id } of REFS) await fetcher.store.verify(id)
    expect(fetcher.store.list().length).toBe(REFS.length)
  })

  it('keeps what it has when it is stopped, and asks only for the rest', async () => {
    const holder = await device('a', CONTENTS)
    const fetcher = await device('b')
    const abort = new AbortController()
    const stopped = fetcher.service.fetch(REFS, () => [holder.peer], {
      signal: abort.signal,
      onProgress: ({ bytesDone }) => {
        if (bytesDone > 2 * CHUNK_BYTES) abort.abort()
      },
    })
    expect(await failure(stopped)).toBe(abort.signal.reason)

    let first: number | undefined
    await fetcher.service.fetch(REFS, () => [holder.peer], {
      onProgress: ({ bytesDone }) => {
        first ??= bytesDone
      },
    })
    expect(first).toBeGreaterThan(2 * CHUNK_BYTES)
    await fetcher.store.verify(LARGE_REF.id)
  })

  it('says that nobody has it, that it does not fit, and that a reference is wrong', async () => {
    const holder = await device('a', [SMALL])
    const fetcher = await device('b', [], { quotaBytes: LARGE.length - 1 })
    const { service } = fetcher
    const found = (): readonly PeerId[] => [holder.peer, 'nobody' as PeerId]
    const missing = blobRefOf(content(2 * CHUNK_BYTES, 3))
    expect(await failure(service.fetch([SMALL_REF, missing], found))).toEqual({
      code: 'BLOCKS_NO_HOLDER',
      chunksMissing: 2,
    })
    expect(fetcher.store.has(SMALL_REF.id)).toBe(true)
    expect(await failure(service.fetch([LARGE_REF], found))).toMatchObject({
      code: 'BLOB_QUOTA_EXCEEDED',
    })
    expect(await failure(service.fetch([{ ...LARGE_REF, bytes: 1 }], found))).toMatchObject({
      code: 'BLOB_REF_INVALID',
    })
  })

  it('shares the work of two fetches of the same blobs', async () => {
    const holder = await device('a', CONTENTS)
    const { service, store } = await device('b')
    const found = (): readonly PeerId[] => [holder.peer]
    const abort = new AbortController()
    const first = failure(service.fetch(REFS, found, { signal: abort.signal }))
    const others = [service.fetch([LARGE_REF], found), service.fetch(REFS, found)]
    abort.abort()
    expect(await first).toBe(abort.signal.reason)
    await Promise.all(others)
    expect(store.list().length).toBe(REFS.length)
  })

  it('ends with a clear code when the disk is full, and keeps what it has', async () => {
    const holder = await device('a', CONTENTS)
    const fileSystem = failingFileSystem({
      code: 'ENOSPC',
      failAt: 4,
      counts: (call) => call === 'file.write',
    })
    const { service, store } = await device('b', [], { fileSystem })
    const fetching = service.fetch([LARGE_REF], () => [holder.peer])
    expect(await failure(fetching)).toMatchObject({ code: 'STATE_DISK_FULL' })
    expect(store.usedBytes).toBe(0)
    expect((await store.partialChunks(LARGE_REF)).size).toBeGreaterThanOrEqual(3)

    await service.fetch([LARGE_REF], () => [holder.peer])
    await store.verify(LARGE_REF.id)
  })

  it('fetches again what the disk has lost before the blob was whole', async () => {
    const holder = await device('a', CONTENTS)
    const { service, store } = await device('b')
    let damaged = false
    let backwards = 0
    let lastBytes = 0
    await service.fetch([LARGE_REF], () => [holder.peer], {
      onProgress: ({ bytesDone }) => {
        if (bytesDone < lastBytes) backwards++
        lastBytes = bytesDone
        if (damaged || bytesDone < 3 * CHUNK_BYTES) return
        damaged = true
        const file = openSync(join(root, 'b', 'partial', `${LARGE_REF.id}.data`), 'r+')
        writeSync(file, new Uint8Array(LARGE.length))
        closeSync(file)
      },
    })
    expect({ damaged, lastBytes, backwards }).toEqual({
      damaged: true,
      lastBytes: LARGE.length,
      backwards: 1,
    })
    await store.verify(LARGE_REF.id)
  })

  it('is stopped in the middle of a fetch, which rejects', async () => {
    const holder = await device('a', CONTENTS)
    const { service } = await device('b')
    const fetching = failure(service.fetch(REFS, () => [holder.peer]))
    await service.stop()
    expect(await fetching).toMatchObject({ name: 'AbortError' })
  })
})
