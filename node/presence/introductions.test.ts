import { describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { ANSWER_MS_MAX, PRESENCE_PROTOCOL } from '../../protocols/presence/index.ts'
import { device } from '../../test/fixtures/devices.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { Introductions } from './introductions.ts'

/** A record in this test is one byte: who takes it looks no closer. */
const recordOf = (number: number): Uint8Array => Uint8Array.of(number)

class World {
  readonly hub = new LinkHub()
  readonly clock = new ManualClock()
  #count = 0

  add(known: Uint8Array[], take: (encoded: Uint8Array) => boolean = () => true) {
    const { peer } = device(++this.#count)
    const network = this.hub.device(peer)
    const introductions = new Introductions({
      network,
      clock: this.clock,
      logger: SILENT_LOGGER,
      known: () => known,
      take: (encoded) => {
        if (!take(encoded)) return false
        if (!known.some(([number]) => number === encoded[0])) known.push(encoded)
        return true
      },
    })
    network.handle(introductions.protocol)
    return { peer, network, introductions, known }
  }
}

const hundred = (): Uint8Array[] => Array.from({ length: 100 }, (_, number) => recordOf(number))

describe('introductions', () => {
  it('tell a newcomer of everybody, in as many answers as it takes', async () => {
    const world = new World()
    const old = world.add(hundred())
    const newcomer = world.add([recordOf(200)])
    newcomer.introductions.meet(old.peer)
    await world.clock.advance(0)
    expect(newcomer.known).toHaveLength(101)
  })

  it('end after the first answer where the other knows no more', async () => {
    const world = new World()
    const old = world.add(hundred())
    let taken = 0
    const equal = world.add(hundred(), () => ++taken > 0)
    equal.introductions.meet(old.peer)
    await world.clock.advance(0)
    expect(taken).toBe(16)
  })

  it('end with a record that no honest device passes on', async () => {
    const world = new World()
    const liar = world.add(hundred())
    const asker = world.add([], ([number]) => number !== 3)
    asker.introductions.meet(liar.peer)
    await world.clock.advance(0)
    expect(asker.known.map(([number]) => number)).toEqual([0, 1, 2])
  })

  it('wait for nobody for long, and ask a few at a time', async () => {
    const world = new World()
    const silent = Array.from({ length: 5 }, () => world.add([]))
    for (const { network } of silent) {
      network.handle({
        id: PRESENCE_PROTOCOL,
        frameBytesMax: 100,
        linksPerPeerMax: 1,
        membersOnly: true,
        accept: () => undefined,
      })
    }
    const old = world.add(hundred())
    const newcomer = world.add([])
    for (const { peer } of [...silent, old]) newcomer.introductions.meet(peer)
    await world.clock.advance(ANSWER_MS_MAX - 1)
    expect(newcomer.known).toHaveLength(0)
    await world.clock.advance(1)
    expect(newcomer.known).toHaveLength(100)
  })

  it('go on where a device cannot be reached, and end with the daemon', async () => {
    const world = new World()
    const gone = device(90).peer
    const old = world.add(hundred())
    const newcomer = world.add([])
    newcomer.introductions.meet(gone)
    await world.clock.advance(0)
    newcomer.introductions.stop()
    newcomer.introductions.meet(old.peer)
    await world.clock.advance(0)
    expect(newcomer.known).toHaveLength(0)
  })
})
