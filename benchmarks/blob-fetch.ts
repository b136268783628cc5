/**
 * How fast do blobs come, from one holder and from three, beside plain TCP?
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { SILENT_LOGGER } from '../core/logger.ts'
import { asBlobId, asPeerId, type PeerId } from '../core/ids.ts'
import { BlobService, DEFAULT_BLOB_SERVICE_INIT } from '../node/blobs/blob-service.ts'
import { BlobStore } from '../node/storage/blob-store.ts'
import { systemClock } from '../node/system/system-clock.ts'
import type { BlobRef } from '../protocols/blocks/index.ts'
import { loopbackNetwork } from '../test/fixtures/networks.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const MIB = 1_048_576
const BLOB_BYTES = 128 * MIB
const HOLDERS = 3
const ROUNDS = 5

interface Holder {
  readonly process: ChildProcess
  readonly peer: PeerId
  readonly address: string
  readonly port: number
  readonly id: BlobRef['id']
}

/** MB/s of each round, by the way in which the bytes were moved. */
export interface BlobFetchRates {
  readonly plain: readonly number[]
  /** Over TCP with all that has to be done with them in the end. */
  readonly stored: readonly number[]
  readonly fromOne: readonly number[]
  readonly fromThree: readonly number[]
}

export const benchmark: Benchmark = {
  question: 'how many MB/s does a fetch bring from 1 and 3 holders, beside plain TCP?',
  async run({ say, signal }): Promise<readonly Row[]> {
    return rowsOf(await measureBlobFetch(say, signal))
  },
}

/** Moves a blob in four ways, in turn. */
export async function measureBlobFetch(
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<BlobFetchRates> {
  const root = await mkdtemp(join(tmpdir(), 'brume-benchmark-'))
  const holders: Holder[] = []
  try {
    for (let at = 0; at < HOLDERS; at++) holders.push(await holder(join(root, `holder-${at}`)))
    say(
      `${BLOB_BYTES / MIB} MiB, ${HOLDERS} holder processes, ${ROUNDS} rounds after one to warm up`,
    )
    return await measure(holders, root, signal)
  } finally {
    for (const { process: child } of holders) child.kill('SIGKILL')
    await rm(root, { recursive: true })
  }
}

async function measure(
  holders: readonly Holder[],
  root: string,
  signal: AbortSignal,
): Promise<BlobFetchRates> {
  const [first] = holders
  if (first === undefined) throw new Error('expected a holder')
  await using fetcher = await Fetcher.start(holders, join(root, 'fetcher'), signal)
  const rates: Record<keyof BlobFetchRates, number[]> = {
    plain: [],
    stored: [],
    fromOne: [],
    fromThree: [],
  }
  const ways: readonly (readonly [keyof BlobFetchRates, () => Promise<unknown>])[] = [
    ['plain', () => receive(first.port)],
    ['stored', () => receive(first.port, join(root, 'received'))],
    ['fromOne', () => fetcher.fetch(holders.slice(0, 1))],
    ['fromThree', () => fetcher.fetch(holders)],
  ]
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, move] of ways) {
      signal.throwIfAborted()
      const startMs = performance.now()
      await move()
      const rate = BLOB_BYTES / 1_000 / (performance.now() - startMs)
      if (round > 0) rates[name].push(rate)
      await fetcher.forget()
    }
  }
  return rates
}

function rowsOf({ plain, stored, fromOne, fromThree }: BlobFetchRates): readonly Row[] {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ['plain TCP, bytes thrown away', plain],
    ['plain TCP, hashed, written, synced', stored],
    ['fetch from 1 holder', fromOne],
    ['fetch from 3 holders', fromThree],
  ]
  return rows.map(([name, values]) => {
    const { p10, p50, p90 } = spread(values)
    return {
      name,
      figures: {
        'MB/s': p50,
        p10,
        p90,
        'of plain TCP': p50 / spread(plain).p50,
        'of TCP to disk': p50 / spread(stored).p50,
      },
    }
  })
}

async function holder(root: string): Promise<Holder> {
  await mkdir(root, { recursive: true })
  const script = join(import.meta.dirname, '../test/fixtures/blob-holder-program.ts')
  const child = spawn(process.execPath, [script, root, String(BLOB_BYTES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve)
    child.once('exit', () => reject(new Error('the holder ended before it was ready')))
  })
  const [name = '', address = '', port = '', blob = ''] = line.split(' ')
  const peer = asPeerId(name)
  const id = asBlobId(blob)
  if (peer === undefined || id === undefined) throw new Error(`expected a holder, got ${line}`)
  return { process: child, peer, address, port: Number(port), id }
}

/** Reads a blob from a TCP port; with a path, does what has to be done with it in the end. */
async function receive(port: number, path?: string): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  if (path === undefined) {
    socket.resume()
    await once(socket, 'end')
    return
  }
  const hash = createHash('sha256')
  await using file = await open(path, 'w')
  for await (const part of socket as AsyncIterable<Uint8Array>) {
    hash.update(part)
    await file.writeFile(part)
  }
  hash.digest()
  await file.sync()
}

/** A device that fetches the blob and forgets it, again and again. */
class Fetcher {
  readonly #store: BlobStore
  readonly #service: BlobService
  readonly #network: ReturnType<typeof loopbackNetwork>
  readonly #ref: BlobRef

  constructor(
    store: BlobStore,
    service: BlobService,
    network: ReturnType<typeof loopbackNetwork>,
    ref: BlobRef,
  ) {
    this.#store = store
    this.#service = service
    this.#network = network
    this.#ref = ref
  }

  static async start(
    holders: readonly Holder[],
    root: string,
    signal: AbortSignal,
  ): Promise<Fetcher> {
    const components = { clock: systemClock, logger: SILENT_LOGGER }
    const store = new BlobStore(components, { root, quotaBytes: 2 ** 40, freeBytesMin: 0 })
    await store.start(signal)
    const network = loopbackNetwork()
    const service = new BlobService(
      { ...components, network, blobs: store },
      DEFAULT_BLOB_SERVICE_INIT,
    )
    await service.start(signal)
    await network.start(signal)
    for (const { peer, address } of holders) await network.connect(peer, [address])
    return new Fetcher(store, service, network, await refOf(holders, root))
  }

  async fetch(holders: readonly Holder[]): Promise<void> {
    await this.#service.fetch([this.#ref], () => holders.map(({ peer }) => peer))
  }

  forget(): Promise<boolean> {
    return this.#store.remove(this.#ref.id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.stop()
    await this.#network.stop()
    await this.#store.stop()
  }
}

/** The holder's blob, hashed here: a manifest would have told. */
async function refOf(holders: readonly Holder[], root: string): Promise<BlobRef> {
  const store = new BlobStore(
    { clock: systemClock, logger: SILENT_LOGGER },
    { root: join(root, '../holder-0'), quotaBytes: 2 ** 40, freeBytesMin: 0 },
  )
  await store.start(AbortSignal.timeout(10_000))
  const [first] = holders
  if (first === undefined) throw new Error('expected a holder')
  return store.refOf(first.id)
}
