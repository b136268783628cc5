import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import {
  BLOCKS_PROTOCOL,
  CHUNK_BYTES,
  decodeBlocksMessage,
  encodeBlocksMessage,
  type BlobRef,
  type BlocksMessage,
} from '../../protocols/blocks/index.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import type { Link } from '../network/network.ts'
import { blobRefOf } from '../storage/blob-hasher.ts'
import { BlobStore } from '../storage/blob-store.ts'
import { BlobService, DEFAULT_BLOB_SERVICE_INIT } from './blob-service.ts'

const TRUE = new Uint8Array(CHUNK_BYTES + 9).fill(1)
const FALSE = new Uint8Array(CHUNK_BYTES + 9).fill(2)
const REF = blobRefOf(TRUE)
const GARBAGE = Uint8Array.of(9)

/** What a holder says of the blob, and what it then gives. */
type Behaviour =
  | 'honest'
  | 'refuses'
  | 'describes another'
  | 'gives another'
  | 'says little'
  | 'talks nonsense'
  | 'hangs up'
  | 'is not there'
const LIARS: readonly Behaviour[] = [
  'refuses',
  'describes another',
  'gives another',
  'says little',
  'talks nonsense',
  'hangs up',
  'is not there',
]

let root: string
let hub: LinkHub
let clock: ManualClock
let stores: BlobStore[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-whole-fetch-'))
  hub = new LinkHub()
  clock = new ManualClock()
  stores = []
})

afterEach(async () => {
  for (const store of stores) await store.stop()
  await rm(root, { recursive: true })
})

async function fetcher(): Promise<{ store: BlobStore; service: BlobService; folder: string }> {
  const folder = join(root, String(stores.length))
  const components = { clock, logger: SILENT_LOGGER }
  const store = new BlobStore(components, { root: folder, quotaBytes: 1e9, freeBytesMin: 0 })
  await store.start(new AbortController().signal)
  stores.push(store)
  const network = hub.device(`fetcher-${stores.length}` as PeerId)
  const service = new BlobService(
    { ...components, network, blobs: store },
    DEFAULT_BLOB_SERVICE_INIT,
  )
  return { store, service, folder }
}

/** A holder that notes that it was asked. */
function holder(name: string, behaviour: Behaviour, asked: string[] = []): PeerId {
  const peer = name as PeerId
  if (behaviour === 'is not there') return peer
  hub.device(peer).handle({
    id: BLOCKS_PROTOCOL,
    frameBytesMax: 2 * CHUNK_BYTES,
    linksPerPeerMax: 1,
    membersOnly: true,
    accept: (link) =>
      link.receive({
        onFrame: (frame) => {
          const decoded = decodeBlocksMessage(frame)
          if (decoded.type === 'refused') throw new Error(decoded.reason)
          if (decoded.message.type === 'describe') asked.push(name)
          answer(link, behaviour, decoded.message)
        },
        onEnd: () => undefined,
      }),
  })
  return peer
}

function answer(link: Link, behaviour: Behaviour, message: BlocksMessage): void {
  if (behaviour === 'hangs up') return link.abort()
  if (behaviour === 'talks nonsense') return link.send(GARBAGE)
  const send = (said: BlocksMessage): void => link.send(concatBytes(encodeBlocksMessage(said)))
  if (message.type === 'describe') {
    const { request } = message
    if (behaviour === 'refuses') return send({ type: 'refuse', request, code: 'not-held' })
    send({ type: 'described', request, ...descriptionBy(behaviour) })
  }
  if (message.type !== 'want') return
  const { request, index } = message
  const lies = behaviour === 'gives another' || behaviour === 'describes another'
  const from = index * CHUNK_BYTES
  const data = (lies ? FALSE : TRUE).subarray(from, from + CHUNK_BYTES)
  send({ type: 'chunk', request, index, data })
}

function descriptionBy(behaviour: Behaviour): Pick<BlobRef, 'bytes' | 'chunkHashes'> {
  if (behaviour === 'says little') return { bytes: 0, chunkHashes: [] }
  const { bytes, chunkHashes } = behaviour === 'describes another' ? blobRefOf(FALSE) : REF
  return { bytes, chunkHashes }
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return 'fulfilled'
  } catch (error) {
    return (error as { failure?: object }).failure ?? error
  }
}

describe('fetch of a blob by its id alone', () => {
  it('ends with the blob whenever one holder is honest, and never keeps anything else', async () => {
    const behaviours = fc.array(fc.constantFrom<Behaviour>('honest', ...LIARS), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(behaviours, async (some) => {
        const { store, service, folder } = await fetcher()
        const holders = some.map((behaviour, at) =>
          holder(`holder-${stores.length}-${at}`, behaviour),
        )
        const ended = await failure(service.fetchWhole(REF.id, () => holders))
        const found = some.includes('honest')
        expect(ended).toEqual(found ? 'fulfilled' : { code: 'BLOCKS_NOT_DESCRIBED', blob: REF.id })
        expect(store.list()).toEqual(found ? [{ id: REF.id, bytes: REF.bytes }] : [])
        expect(await readdir(join(folder, 'partial'))).toEqual([])
        if (found) await store.verify(REF.id)
      }),
      { numRuns: 30 },
    )
  })

  it('passes over the silent after a while, and asks them last the next time', async () => {
    const asked: string[] = []
    const { service, store } = await fetcher()
    const silent = 'silent' as PeerId
    hub.device(silent).handle({
      id: BLOCKS_PROTOCOL,
      frameBytesMax: CHUNK_BYTES,
      linksPerPeerMax: 1,
      membersOnly: true,
      accept: (link) =>
        link.receive({ onFrame: () => void asked.push('silent'), onEnd: () => undefined }),
    })
    const holders = [silent, holder('honest', 'honest', asked)]
    const first = service.fetchWhole(REF.id, () => holders)
    await settle()
    await clock.advance(DEFAULT_BLOB_SERVICE_INIT.whole.describeMs)
    await first
    await store.remove(REF.id)
    await service.fetchWhole(REF.id, () => holders)
    expect(asked).toEqual(['silent', 'honest', 'honest'])
  })

  it('takes no blob that is larger than what was asked for', async () => {
    const { service, store } = await fetcher()
    const holders = [holder('a', 'honest')]
    const work = service.fetchWhole(REF.id, () => holders, { bytesMax: REF.bytes - 1 })
    expect(await failure(work)).toEqual({ code: 'BLOCKS_NOT_DESCRIBED', blob: REF.id })
    expect(store.list()).toEqual([])
  })

  it('asks nobody for what is held, and tells when something came', async () => {
    const asked: string[] = []
    const { service } = await fetcher()
    const fetched: unknown[] = []
    service.onFetched((refs) => fetched.push(refs))
    const holders = [holder('a', 'honest', asked)]
    await service.fetchWhole(REF.id, () => holders)
    await service.fetchWhole(REF.id, () => holders)
    expect(asked).toEqual(['a'])
    expect(fetched).toEqual([[REF]])
  })

  it('is given up when its caller or the service stops', async () => {
    const { service } = await fetcher()
    const silent = 'silent' as PeerId
    hub.device(silent).handle({
      id: BLOCKS_PROTOCOL,
      frameBytesMax: CHUNK_BYTES,
      linksPerPeerMax: 1,
      membersOnly: true,
      accept: (link) => link.receive({ onFrame: () => undefined, onEnd: () => undefined }),
    })
    const abort = new AbortController()
    const aborted = failure(service.fetchWhole(REF.id, () => [silent], { signal: abort.signal }))
    const stopped = failure(service.fetchWhole(REF.id, () => [silent]))
    await settle()
    abort.abort()
    expect(await aborted).toBe(abort.signal.reason)
    await service.stop()
    expect(await stopped).toMatchObject({ name: 'AbortError' })
  })
})
