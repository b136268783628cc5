/**
 * Real networks on loopback: a mesh is made, joined, and closed to everyone else.
 */

import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Signer } from '../../core/crypto.ts'
import { errorCode } from '../../core/errors.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { createSigner } from '../../node/crypto/signer.ts'
import { MeshMembership } from '../../node/mesh/mesh-membership.ts'
import { createNetwork } from '../../node/network/libp2p-network.ts'
import type { Network } from '../../node/network/network.ts'
import { DEFAULT_NETWORK_INIT } from '../../node/network/network-init.ts'
import { Presence } from '../../node/presence/presence.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { systemRandom } from '../../node/system/system-random.ts'
import {
  ANY_CLASS,
  openRecord,
  PRESENCE_TOPIC,
  sealRecord,
} from '../../protocols/presence/index.ts'
import { capabilities } from '../fixtures/capabilities.ts'
import { MemoryStore } from '../fixtures/memory-store.ts'

interface Device {
  readonly signer: Signer
  readonly network: Network
  readonly mesh: MeshMembership
  readonly presence: Presence
}

const { signal } = new AbortController()
const devices: Device[] = []
let founder: Device
let second: Device
let third: Device
let stranger: Device

async function startDevice(name: string): Promise<Device> {
  const seed = randomBytes(32)
  const signer = createSigner(seed)
  const [clock, random, logger, crypto] = [systemClock, systemRandom, SILENT_LOGGER, nodeCrypto]
  const network = createNetwork(
    { logger, clock, seed },
    { ...DEFAULT_NETWORK_INIT, listen: ['/ip4/127.0.0.1/tcp/0'] },
  )
  const shared = { network, signer, crypto, clock, random, logger }
  const mesh = new MeshMembership(
    { ...shared, store: new MemoryStore() },
    { certificateMs: 86_400_000, redialMs: 1_000, redialMsMax: 10_000, peersTarget: 8 },
  )
  const presence = new Presence(
    { ...shared, mesh },
    {
      capabilities: capabilities({ name }),
      heartbeatMs: 1_000,
      lifeMs: 6_000,
      announceMsMin: 100,
      storeDelayMs: 200,
      storeEveryMs: 60_000,
      lookupMsMax: 5_000,
    },
  )
  network.handle({
    id: '/brume/secret/1',
    frameBytesMax: 64,
    linksPerPeerMax: 2,
    membersOnly: true,
    accept: (link) => link.receive({ onFrame: () => undefined, onEnd: () => undefined }),
  })
  await network.start(signal)
  await mesh.start(signal)
  await presence.start(signal)
  const device = { signer, network, mesh, presence }
  devices.push(device)
  return device
}

async function inviteOf(device: Device, uses = 1): Promise<string> {
  return (await device.mesh.invite({ uses, ttlMs: 60_000, role: 'worker' })).code
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => errorCode(error) ?? String(error),
  )
}

/** Looks until `holds` or ten seconds have passed. */
async function eventually(holds: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 200 && !holds(); turn++) await systemClock.sleep(50, signal)
  return holds()
}

function names(device: Device): readonly string[] {
  return device.presence.records().map(({ name }) => name)
}

beforeAll(async () => {
  founder = await startDevice('founder')
  second = await startDevice('second')
  third = await startDevice('third')
  stranger = await startDevice('stranger')
})

afterAll(async () => {
  for (const { presence, mesh, network } of devices) {
    await presence.stop()
    await mesh.stop()
    await network.stop()
  }
})

describe('three devices', () => {
  it('join one mesh, each by its own invite', async () => {
    await founder.mesh.create('home')
    const startMs = performance.now()
    await second.mesh.join(await inviteOf(founder), signal)
    await third.mesh.join(await inviteOf(founder), signal)
    expect(performance.now() - startMs).toBeLessThan(10_000)
    expect([second, third].map(({ mesh }) => mesh.current()?.name)).toEqual(['home', 'home'])
  })

  it('see the records of one another, and find them by class', async () => {
    const all = (): boolean => [founder, second, third].every((each) => names(each).length === 2)
    expect(await eventually(all)).toBe(true)
    const found = await second.presence.lookup('task:infer', signal)
    expect(found.map(({ record }) => record.name)).toEqual(
      expect.arrayContaining(['founder', 'second', 'third']),
    )
  })

  it('find in the DHT what nobody has told them', async () => {
    const key = third.signer.peer
    const stored = async (): Promise<string | undefined> => {
      const value = await founder.network.dhtGet(key, AbortSignal.timeout(5_000))
      const opened = value === undefined ? undefined : openRecord(value, nodeCrypto.verify)
      return opened?.type === 'record' ? opened.record.name : undefined
    }
    let name: string | undefined
    for (let turn = 0; turn < 40 && name === undefined; turn++) {
      await systemClock.sleep(100, signal)
      name = await stored()
    }
    expect(name).toBe('third')
  })

  it('open links of members to each other', async () => {
    const link = await third.network.open(second.signer.peer, '/brume/secret/1', {
      frameBytesMax: 64,
      addresses: second.network.addresses(),
    })
    expect(link.open).toBe(true)
    link.abort()
  })
})

describe('a device without a certificate', () => {
  it('is refused with an invite that is used, foreign or broken', async () => {
    const used = await inviteOf(founder)
    await stranger.mesh.join(used, signal)
    await stranger.mesh.leave()
    expect(await codeOf(stranger.mesh.join(used, signal))).toBe('JOIN_INVITE_USED')
    expect(await codeOf(stranger.mesh.join(used.slice(0, -1), signal))).toBe('JOIN_CODE_MALFORMED')

    await stranger.mesh.create('elsewhere')
    const foreign = await inviteOf(stranger)
    await stranger.mesh.leave()
    const fourth = await startDevice('fourth')
    expect(await codeOf(fourth.mesh.join(foreign, signal))).toBe('JOIN_NO_MESH')
    await stranger.mesh.create('nowhere')
    expect(await codeOf(fourth.mesh.join(foreign, signal))).toBe('JOIN_MESH_MISMATCH')
    await stranger.mesh.leave()
  })

  it('is refused with an invite that has expired', async () => {
    const { code } = await founder.mesh.invite({ uses: 1, ttlMs: 1, role: 'worker' })
    await systemClock.sleep(1_100, signal)
    expect(await codeOf(stranger.mesh.join(code, signal))).toBe('JOIN_INVITE_EXPIRED')
  })

  it('can open no protocol of the mesh', async () => {
    const opening = stranger.network.open(founder.signer.peer, '/brume/secret/1', {
      frameBytesMax: 64,
      addresses: founder.network.addresses(),
    })
    expect(await codeOf(opening)).toBe('NETWORK_PROTOCOL_REFUSED')
  })
})

describe('a capability record', () => {
  it('that is forged, expired or replayed is taken from nobody', async () => {
    const real = founder.presence.record(second.signer.peer)
    if (real === undefined) throw new Error('the founder knows the second device')
    const future = { ...real, sequence: real.sequence + 60_000 }
    const forged = sealRecord({ ...future, name: 'forged' }, third.signer)
    const expired = sealRecord(
      { ...future, name: 'expired', issuedMs: real.issuedMs - 99_999, expiresMs: Date.now() - 1 },
      second.signer,
    )
    const replayed = sealRecord({ ...real, name: 'replayed', sequence: 1 }, second.signer)
    const key = second.signer.peer
    for (const record of [forged, expired, replayed]) {
      if (record === undefined) throw new Error('a record fits')
      await third.network.publish(PRESENCE_TOPIC, record)
      const limit = AbortSignal.timeout(5_000)
      expect(await third.network.dhtPut(key, record, limit).catch(() => 0)).toBe(0)
    }
    await systemClock.sleep(500, signal)
    const seen = [...names(founder), ...names(third)]
    expect(seen.filter((name) => ['forged', 'expired', 'replayed'].includes(name))).toEqual([])
  })

  it('is gone soon after its device', async () => {
    await second.presence.stop()
    await second.mesh.stop()
    await second.network.stop()
    devices.splice(devices.indexOf(second), 1)
    expect(await eventually(() => !names(founder).includes('second'))).toBe(true)
    const left = await founder.presence.lookup(ANY_CLASS, signal)
    expect(left.map(({ record }) => record.name)).not.toContain('second')
  })
})
