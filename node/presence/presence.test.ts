import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModelId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import {
  type Capabilities,
  openRecord,
  PRESENCE_TOPIC,
  sealRecord,
} from '../../protocols/presence/index.ts'
import { capabilities } from '../../test/fixtures/capabilities.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { inviteOf, join, type Member, MemberWorld } from '../../test/fixtures/members.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { Presence, type PresenceEvent } from './presence.ts'

interface Present extends Member {
  readonly presence: Presence
}

const { signal } = new AbortController()
const MODEL = 'ab'.repeat(32) as ModelId
const HOLDINGS = [{ model: MODEL, ranges: [{ from: 0, to: 3 }] }]
let world: MemberWorld
const started: Presence[] = []

beforeEach(() => {
  world = new MemberWorld()
})

afterEach(async () => {
  for (const presence of started.splice(0)) await presence.stop()
  await world.stop()
})

async function present(number: number, change: Partial<Capabilities> = {}): Promise<Present> {
  const member = world.make(number)
  const { network, mesh, signer } = member
  const presence = new Presence(
    {
      network,
      mesh,
      signer,
      crypto: nodeCrypto,
      clock: world.clock,
      random: SeededRandom.fromInteger(number),
      logger: SILENT_LOGGER,
    },
    {
      capabilities: capabilities({ name: `device ${number}`, ...change }),
      heartbeatMs: 10_000,
      lifeMs: 60_000,
      announceMsMin: 1_000,
      storeDelayMs: 2_000,
      storeEveryMs: 300_000,
      lookupMsMax: 5_000,
    },
  )
  await network.start()
  await mesh.start(signal)
  await presence.start(signal)
  started.push(presence)
  return { ...member, presence }
}

/** A founder and one that has joined it. */
async function two(): Promise<readonly [Present, Present]> {
  const founder = await present(1)
  const second = await present(2, { memoryFreeBytes: 8 * 2 ** 30 })
  await founder.mesh.create('home')
  await join(second, await inviteOf(founder))
  await world.clock.advance(5_000)
  return [founder, second]
}

function names({ presence }: Present): readonly string[] {
  return presence.records().map(({ name }) => name)
}

describe('presence', () => {
  it('says nothing before a mesh is joined', async () => {
    const alone = await present(1)
    expect(alone.presence.self()).toBeUndefined()
    expect(await alone.presence.lookup('any', signal)).toEqual([])
  })

  it('makes members known to each other', async () => {
    const [founder, second] = await two()
    expect([names(founder), names(second)]).toEqual([['device 2'], ['device 1']])
    expect(founder.presence.record(second.signer.peer)).toMatchObject({
      peer: second.signer.peer,
      addresses: second.network.addresses(),
    })
  })

  it('ranks whoever is likely to stay before whoever is not', async () => {
    const [founder, second] = await two()
    const forecast = { staysFor5minQuarters: 4, staysFor15minQuarters: 4, staysFor60minQuarters: 2 }
    founder.presence.update({ forecast, memoryFreeBytes: 8 * 2 ** 30 })
    second.presence.update({ forecast: { ...forecast, staysFor15minQuarters: 0 } })
    await world.clock.advance(5_000)
    expect(founder.presence.record(second.signer.peer)?.forecast?.staysFor15minQuarters).toBe(0)
    const [first] = await founder.presence.lookup('task:infer', signal)
    expect(first?.record.peer).toBe(founder.signer.peer)
  })

  it('ranks devices of a class with reasons that add up', async () => {
    const [founder, second] = await two()
    const ranked = await founder.presence.lookup('task:infer', signal)
    expect(ranked.map(({ record, source }) => [record.peer, source])).toEqual([
      [second.signer.peer, 'directory'],
      [founder.signer.peer, 'self'],
    ])
    for (const { score, reasons } of ranked) {
      expect(reasons.reduce((sum, { points }) => sum + points, 0)).toBeCloseTo(score)
    }
    expect(await founder.presence.lookup('accel:webgpu', signal)).toEqual([])
  })

  it('tells of a change within a moment', async () => {
    const [founder, second] = await two()
    const events: PresenceEvent[] = []
    founder.presence.onChange((event) => events.push(event))
    second.presence.update({ holdings: HOLDINGS, levelQuarters: 1 })
    await world.clock.advance(1_000)
    expect(events.map((event) => event.type === 'changed' && event.record.holdings)).toEqual([
      HOLDINGS,
    ])
    const holders = await founder.presence.lookup(`model:${MODEL}`, signal)
    expect(holders.map(({ record }) => record.name)).toEqual(['device 2'])
  })

  it('tells a member that comes back at once', async () => {
    const [founder, second] = await two()
    const sequence = () => second.presence.record(founder.signer.peer)?.sequence ?? 0
    const heartbeatMs = 10_000
    // Right after one of its heartbeats, so that the next is far.
    const before = sequence()
    for (let ms = 0; ms < heartbeatMs && sequence() === before; ms += 500) {
      await world.clock.advance(500)
    }
    const heard = sequence()
    await second.network.disconnect(founder.signer.peer)
    await world.clock.advance(3_000)
    expect(second.network.peers()).toHaveLength(1)
    expect(sequence()).toBeGreaterThan(heard)
  })

  it('tells a newcomer of everybody, also of those that it never meets', async () => {
    const [founder, second] = await two()
    // The one that comes third meets the founder only.
    await second.network.disconnect(founder.signer.peer)
    await second.network.stop()
    const third = await present(3)
    await join(third, await inviteOf(founder))
    await world.clock.advance(100)
    expect(names(third).toSorted()).toEqual(['device 1', 'device 2'])
    expect(third.network.peers()).toHaveLength(1)
  })

  it('forgets a device that has been silent for a minute', async () => {
    const [founder, second] = await two()
    await second.presence.stop()
    await second.network.stop()
    await world.clock.advance(61_000)
    expect(names(founder)).toEqual([])
  })

  it('keeps a device that goes on speaking', async () => {
    const [founder] = await two()
    await world.clock.advance(300_000)
    expect(names(founder)).toEqual(['device 2'])
  })

  it('finds in the DHT whom it has not heard', async () => {
    const [founder, second] = await two()
    second.presence.update({ holdings: HOLDINGS })
    await world.clock.advance(5_000)
    // Nobody can tell the newcomer of who is silent; what it stored holds for longer.
    await second.presence.stop()
    await world.clock.advance(61_000)
    const third = await present(3)
    await join(third, await inviteOf(founder))
    await settle()
    expect(names(third)).not.toContain('device 2')
    const found = await third.presence.lookup(`model:${MODEL}`, signal)
    expect(found.map(({ record, source }) => [record.name, source])).toEqual([['device 2', 'dht']])
  })

  it('takes no record that is forged, expired or replayed, by gossip or by the DHT', async () => {
    const [founder, second] = await two()
    const real = founder.presence.record(second.signer.peer)
    if (real === undefined) throw new Error('the founder knows the second device')
    const later = { ...real, sequence: real.sequence + 1_000_000 }
    const wallMs = world.clock.wallMs()
    const bad = [
      sealRecord({ ...later, name: 'forged' }, founder.signer),
      sealRecord(
        { ...later, name: 'expired', issuedMs: wallMs - 9, expiresMs: wallMs },
        second.signer,
      ),
      sealRecord({ ...real, name: 'replayed', sequence: 1 }, second.signer),
      sealRecord({ ...later, name: 'stranger', credential: new Uint8Array(0) }, second.signer),
    ]
    for (const record of bad) {
      if (record === undefined) throw new Error('a record fits')
      await second.network.publish(PRESENCE_TOPIC, record)
      expect(await second.network.dhtPut(second.signer.peer, record)).toBe(0)
    }
    // Gossiped once, and true: but no longer what its device says, nor what that stored.
    const old = second.presence.self()
    second.presence.update({ memoryFreeBytes: 7 })
    await settle()
    const replay = old && sealRecord(old, second.signer)
    if (replay === undefined) throw new Error('the second device has a record')
    expect(await founder.network.dhtPut(second.signer.peer, replay)).toBe(0)
    expect(names(founder)).toEqual(['device 2'])
    const stored = await founder.network.dhtGet(second.signer.peer)
    const opened = stored && openRecord(stored, nodeCrypto.verify)
    expect(opened?.type === 'record' && opened.record.name).toBe('device 2')
  })

  it('forgets everyone when it leaves, and announces itself in the next mesh', async () => {
    const [founder, second] = await two()
    await second.mesh.leave()
    expect(names(second)).toEqual([])
    expect(second.presence.self()).toBeUndefined()
    await join(second, await inviteOf(founder))
    await world.clock.advance(5_000)
    expect(names(second)).toEqual(['device 1'])
  })

  it('leaves holdings out of a record that would be too long', async () => {
    const [founder, second] = await two()
    const ranges = Array.from({ length: 8 }, (_, from) => ({ from, to: 65_535 }))
    const holdings = Array.from({ length: 16 }, (_, index) => ({
      model: index.toString(16).padStart(64, '0') as ModelId,
      ranges,
    }))
    second.presence.update({ holdings, processor: 'p'.repeat(48), software: 's'.repeat(48) })
    await world.clock.advance(1_000)
    const seen = founder.presence.record(second.signer.peer)?.holdings ?? []
    expect(holdings.slice(0, seen.length)).toEqual(seen)
    expect(seen.length).toBeGreaterThan(8)
  })

  it('lets members that were never introduced find and dial each other', async () => {
    const [founder, second] = await two()
    const third = await present(3)
    await join(third, await inviteOf(founder))
    await world.clock.advance(30_000)
    // The network here does not pass gossip on: what the third says of itself is told by hand.
    const record = await founder.network.dhtGet(third.signer.peer)
    if (record === undefined) throw new Error('the record is stored')
    await founder.network.publish(PRESENCE_TOPIC, record)
    await world.clock.advance(2_000)
    expect(second.network.peers().map(({ peer }) => peer)).toContain(third.signer.peer)
  })
})
