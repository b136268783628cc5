import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { CONVEYANCE_TOPIC, encodeNotice } from '../../protocols/conveyance/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { Conveyor, type ItemShelf } from './conveyor.ts'

const [alice, bob, carol] = [device(1).peer, device(2).peer, device(3).peer]
const idOf = (body: Uint8Array): string => toHex(nodeCrypto.sha256(body))

/** A shelf in memory that refuses what begins with 0. */
class MemoryShelf implements ItemShelf {
  readonly items = new Map<string, Uint8Array>()

  put(...bodies: readonly Uint8Array[]): void {
    for (const body of bodies) this.items.set(idOf(body), body)
  }
  ids = (): readonly string[] => [...this.items.keys()]
  get = (id: string): Uint8Array | undefined => this.items.get(id)
  lacks = (id: string): boolean => !this.items.has(id)
  take = async (body: Uint8Array): Promise<void> => {
    if (body[0] === 0) throw new Error('it does not hold')
    this.put(body)
  }
}

function world(peers: readonly PeerId[], members: readonly PeerId[] = peers) {
  const hub = new LinkHub()
  return peers.map((peer) => {
    const shelf = new MemoryShelf()
    const network = hub.device(peer)
    let admit: (peer: PeerId, admitted: boolean) => void = () => undefined
    const mesh = {
      members: () => members.map((member) => ({ peer: member })),
      onMember: (listener: typeof admit) => {
        admit = listener
        return () => undefined
      },
    }
    const components = { network, mesh, clock: new ManualClock(), logger: SILENT_LOGGER }
    const conveyor = new Conveyor(components, { result: shelf })
    conveyor.start()
    return { conveyor, shelf, network, admit: (other: PeerId) => admit(other, true) }
  })
}

const [short, long] = [Uint8Array.of(1, 2), new Uint8Array(9_000).fill(7)]

describe('what members pass on', () => {
  it('reaches all of them, short or long, when it is new', async () => {
    const [a, b, c] = world([alice, bob, carol])
    a?.shelf.put(short, long)
    await a?.conveyor.publish('result', short)
    await a?.conveyor.publish('result', long)
    await a?.conveyor.publish('revocation', short)
    await settle()
    for (const other of [b, c]) {
      expect(other?.shelf.ids().toSorted()).toEqual(a?.shelf.ids().toSorted())
    }
  })

  it('is asked for by whoever meets a member, and from time to time', async () => {
    const [a, b] = world([alice, bob])
    a?.shelf.put(short, long, Uint8Array.of(0, 1))
    b?.admit(alice)
    await settle()
    expect(b?.shelf.ids()).toEqual([idOf(short), idOf(long)])
    a?.shelf.put(Uint8Array.of(5))
    b?.conveyor.sweep()
    await settle()
    expect(b?.shelf.items.size).toBe(3)
  })

  it('is fetched by its name', async () => {
    const [a, b] = world([alice, bob])
    a?.shelf.put(short, long)
    await b?.conveyor.fetch(alice, 'result', idOf(long))
    expect(b?.shelf.ids()).toEqual([idOf(long)])
    await b?.conveyor.fetch(carol, 'result', idOf(short))
    await b?.conveyor.fetch(alice, 'result', '00'.repeat(32))
    expect(b?.shelf.items.size).toBe(1)
  })

  it('is nothing from a stranger, nothing under a wrong hash, and not too much', async () => {
    const [a, b, c] = world([alice, bob, carol], [alice, bob])
    await c?.conveyor.publish('result', short)
    await a?.network.publish(CONVEYANCE_TOPIC, Uint8Array.of(1))
    const id = nodeCrypto.sha256(long)
    await a?.network.publish(CONVEYANCE_TOPIC, encodeNotice({ kind: 'result', id, body: short }))
    await settle()
    expect(b?.shelf.ids()).toEqual([])
    for (let index = 1; index <= 100; index++) {
      await a?.conveyor.publish('result', Uint8Array.of(index))
    }
    await settle()
    expect(b?.shelf.items.size).toBe(64)
  })

  it('stops with its links', async () => {
    const [a, b] = world([alice, bob])
    a?.shelf.put(long)
    await b?.conveyor.stop()
    b?.conveyor.sweep()
    expect(b?.shelf.ids()).toEqual([])
  })
})
