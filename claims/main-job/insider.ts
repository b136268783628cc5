/**
 * A member of a mesh that lies: it has a certificate, and says what it likes.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { createSigner } from '../../node/crypto/signer.ts'
import { MeshMembership } from '../../node/mesh/mesh-membership.ts'
import { createNetwork } from '../../node/network/libp2p-network.ts'
import { DEFAULT_NETWORK_INIT } from '../../node/network/network-init.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { systemRandom } from '../../node/system/system-random.ts'
import {
  type CapabilityRecord,
  openRecord,
  PRESENCE_TOPIC,
} from '../../protocols/presence/index.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'

/** A capability record as it was heard. */
export interface HeardRecord {
  readonly record: CapabilityRecord
  readonly encoded: Uint8Array
}

export interface Insider extends AsyncDisposable {
  readonly signer: Signer
  /** Its certificate, as records carry it. */
  credential(): Uint8Array
  /** Every record of `peer` that it heard, oldest first. */
  heard(peer: PeerId): readonly HeardRecord[]
  publish(encoded: Uint8Array): Promise<void>
  /** Puts a record into the DHT; resolves to how many devices took it. */
  put(peer: PeerId, encoded: Uint8Array): Promise<number>
}

const PUT_MS_MAX = 10_000

/** Joins the mesh of `code`, in this process. */
export async function startInsider(code: string, signal: AbortSignal): Promise<Insider> {
  const seed = Uint8Array.from(randomBytes(32))
  const signer = createSigner(seed)
  const components = { logger: SILENT_LOGGER, clock: systemClock }
  const network = createNetwork(
    { ...components, seed },
    { ...DEFAULT_NETWORK_INIT, listen: ['/ip4/127.0.0.1/tcp/0'] },
  )
  const mesh = new MeshMembership(
    {
      ...components,
      network,
      signer,
      store: new MemoryStore(),
      crypto: nodeCrypto,
      random: systemRandom,
    },
    { certificateMs: 3_600_000, redialMs: 500, redialMsMax: 5_000, peersTarget: 8 },
  )
  const records = new Map<PeerId, HeardRecord[]>()
  network.useValidator({ check: () => true, best: () => 0 })
  network.subscribe(
    PRESENCE_TOPIC,
    () => 'accept',
    ({ data }) => {
      const opened = openRecord(data, nodeCrypto.verify)
      if (opened.type === 'refused') return
      const { record } = opened
      records.set(record.peer, [...(records.get(record.peer) ?? []), { record, encoded: data }])
    },
  )
  mesh.onMember((peer, admitted) => {
    if (admitted) network.memberAdmitted(peer)
  })

  await using stack = new AsyncDisposableStack()
  for (const part of [network, mesh]) {
    await part.start(signal)
    stack.defer(() => part.stop())
  }
  await mesh.join(code, signal)
  const running = stack.move()
  return {
    signer,
    credential: () => mesh.credential(),
    heard: (peer) => records.get(peer) ?? [],
    publish: (encoded) => network.publish(PRESENCE_TOPIC, encoded),
    put: (peer, encoded) => network.dhtPut(peer, encoded, AbortSignal.timeout(PUT_MS_MAX)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
