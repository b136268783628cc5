/**
 * Finds devices of a class in the DHT: providers of its shards, then their records.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { classDigest, type RecordValidator, shardCount } from '../../protocols/presence/index.ts'
import type { Network } from '../network/network.ts'
import type { FoundRecord } from './candidate.ts'

/** Devices whose records are fetched in one lookup. */
export const PROVIDERS_MAX = 32

/** Records fetched at a time. */
const FETCHES_MAX = 4

export interface DhtLookupComponents {
  readonly network: Network
  readonly crypto: Crypto
  readonly clock: Clock
  readonly signer: Signer
  readonly validator: RecordValidator
}

export interface DhtLookupRequest {
  readonly capabilityClass: string
  /** How many devices the mesh is thought to have. */
  readonly devices: number
  readonly signal: AbortSignal
}

/** What was found before `request.signal` aborted; never rejects. */
export async function findInDht(
  components: DhtLookupComponents,
  request: DhtLookupRequest,
): Promise<readonly FoundRecord[]> {
  const providers = await findProviders(components, request)
  const found: FoundRecord[] = []
  const waiting = [...providers]
  const fetchNext = async (): Promise<void> => {
    for (let peer = waiting.shift(); peer !== undefined; peer = waiting.shift()) {
      const record = await fetchRecord(components, peer, request.signal)
      if (record !== undefined) found.push(record)
    }
  }
  await Promise.all(Array.from({ length: FETCHES_MAX }, fetchNext))
  return found
}

async function findProviders(
  components: DhtLookupComponents,
  { capabilityClass, devices, signal }: DhtLookupRequest,
): Promise<ReadonlySet<PeerId>> {
  const { crypto } = components
  const providers = new Set<PeerId>()
  // Twice the shards of our own estimate: others may think that the mesh is larger.
  for (let shard = 0; shard < 2 * shardCount(devices) && !signal.aborted; shard++) {
    const digest = classDigest(capabilityClass, shard, crypto.sha256)
    try {
      await collectProviders(components, { digest, signal, providers })
    } catch {
      // Out of time or out of peers: what was found so far is the answer.
    }
  }
  return providers
}

async function collectProviders(
  { network, signer }: DhtLookupComponents,
  into: {
    readonly digest: Uint8Array
    readonly signal: AbortSignal
    readonly providers: Set<PeerId>
  },
): Promise<void> {
  const { digest, signal, providers } = into
  for await (const peer of network.dhtProviders(digest, signal)) {
    if (providers.size >= PROVIDERS_MAX) return
    if (peer !== signer.peer) providers.add(peer)
  }
}

async function fetchRecord(
  { network, clock, validator }: DhtLookupComponents,
  peer: PeerId,
  signal: AbortSignal,
): Promise<FoundRecord | undefined> {
  if (signal.aborted) return undefined
  const encoded = await network.dhtGet(peer, signal).catch(() => undefined)
  if (encoded === undefined) return undefined
  const verdict = validator.check(encoded, clock.wallMs(), peer)
  return verdict.type === 'refused' ? undefined : { record: verdict.record, source: 'dht' }
}
