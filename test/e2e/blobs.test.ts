import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { BlobService, DEFAULT_BLOB_SERVICE_INIT } from '../../node/blobs/blob-service.ts'
import type { CountingNetwork } from '../../node/network/libp2p-network.ts'
import type { MembershipGate } from '../../node/network/network.ts'
import { BlobStore } from '../../node/storage/blob-store.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import type { BlobRef } from '../../protocols/blocks/index.ts'
import { loopbackNetwork, OPEN_GATE, startAndConnect } from '../fixtures/networks.ts'

const MIB = 1_048_576

interface Device {
  readonly network: CountingNetwork
  readonly store: BlobStore
  readonly service: BlobService
}

let root: string
let devices: Device[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-e2e-blobs-'))
  devices = []
})

afterEach(async () => {
  for (const { service, store, network } of devices) {
    await service.stop()
    await store.stop()
    await network.stop()
  }
  await rm(root, { recursive: true })
})

async function device(contents: readonly Uint8Array[], gate = OPEN_GATE): Promise<Device> {
  const components = { clock: systemClock, logger: SILENT_LOGGER }
  const store = new BlobStore(components, {
    root: join(root, String(devices.length)),
    quotaBytes: 1e9,
    freeBytesMin: 0,
  })
  const { signal } = new AbortController()
  await store.start(signal)
  for (const bytes of contents) await store.put(bytes)
  const network = loopbackNetwork({}, gate)
  const service = new BlobService(
    { ...components, network, blobs: store },
    {
      ...DEFAULT_BLOB_SERVICE_INIT,
      fetcher: {
        ...DEFAULT_BLOB_SERVICE_INIT.fetcher,
        retryMs: 50,
        searchMs: 500,
        searchEveryMs: 100,
      },
    },
  )
  await service.start(signal)
  const made = { network, store, service }
  devices.push(made)
  return made
}

async function refsOf(store: BlobStore): Promise<readonly BlobRef[]> {
  const refs: BlobRef[] = []
  for (const { id } of store.list()) refs.push(await store.refOf(id))
  return refs
}

function connectAll(): Promise<void> {
  return startAndConnect(devices.map(({ network }) => network))
}

function peers(...some: readonly Device[]): () => readonly PeerId[] {
  return () => some.map(({ network }) => network.self)
}

it('fetches over real links from three holders, one of which lies and one of which dies', async () => {
  const contents = [randomBytes(24 * MIB + 5), randomBytes(10), new Uint8Array()]
  const honest = await device(contents)
  const dying = await device(contents)
  const liar = await device(contents)
  const fetcher = await device([])
  const refs = await refsOf(honest.store)
  await writeFile(liar.store.pathOf(refs[0]?.id as BlobRef['id']), new Uint8Array(24 * MIB + 5))
  await connectAll()

  let stopped: Promise<void> | undefined
  await fetcher.service.fetch(refs, peers(liar, dying, honest), {
    onProgress: ({ bytesDone, bytesTotal }) => {
      if (bytesDone > bytesTotal / 3) stopped ??= dying.network.stop()
    },
  })
  await stopped
  for (const { id } of refs) await fetcher.store.verify(id)
  expect(fetcher.store.list().length).toBe(refs.length)
})

it('goes on where an aborted fetch stopped, and serves in its turn', async () => {
  const holder = await device([randomBytes(12 * MIB)])
  const fetcher = await device([])
  const third = await device([])
  const refs = await refsOf(holder.store)
  await connectAll()

  const abort = new AbortController()
  const aborted = fetcher.service.fetch(refs, peers(holder), {
    signal: abort.signal,
    onProgress: ({ bytesDone }) => {
      if (bytesDone >= 4 * MIB) abort.abort()
    },
  })
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
  const first: number[] = []
  await fetcher.service.fetch(refs, peers(holder), {
    onProgress: ({ bytesDone }) => first.push(bytesDone),
  })
  expect(first[0]).toBeGreaterThanOrEqual(4 * MIB)
  await third.service.fetch(refs, peers(fetcher))
  for (const { id } of refs) await third.store.verify(id)
})

it('fetches a blob of which it knows the id alone, past a holder whose copy is damaged', async () => {
  const contents = [randomBytes(2 * MIB + 5)]
  const damaged = await device(contents)
  const honest = await device(contents)
  const fetcher = await device([])
  const id = honest.store.list()[0]?.id as BlobRef['id']
  await writeFile(damaged.store.pathOf(id), new Uint8Array(2 * MIB + 5))
  await connectAll()

  await fetcher.service.fetchWhole(id, peers(damaged, honest))
  await fetcher.store.verify(id)
  expect(damaged.store.has(id)).toBe(false)
  const unknown = 'ab'.repeat(32) as BlobRef['id']
  await expect(fetcher.service.fetchWhole(unknown, peers(honest))).rejects.toMatchObject({
    failure: { code: 'BLOCKS_NOT_DESCRIBED', blob: unknown },
  })
})

it('gives nothing to a stranger', async () => {
  const holder = await device([randomBytes(10)], { isMember: () => false } satisfies MembershipGate)
  const stranger = await device([])
  const refs = await refsOf(holder.store)
  await connectAll()
  await expect(stranger.service.fetch(refs, peers(holder))).rejects.toMatchObject({
    failure: { code: 'BLOCKS_NO_HOLDER', chunksMissing: 1 },
  })
})
