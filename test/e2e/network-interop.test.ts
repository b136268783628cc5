import { randomBytes } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { CountingNetwork } from '../../node/network/libp2p-network.ts'
import { type StockHost, startStockHost } from '../../node/network/testing/stock-host.ts'
import { until } from '../fixtures/delay.ts'
import { listen, loopbackNetwork, serveEcho } from '../fixtures/networks.ts'

const ECHO = '/brume/echo/1'
const MIB = 1024 * 1024

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

function network(): CountingNetwork {
  const made = loopbackNetwork()
  stops.push(() => made.stop())
  return made
}

async function stock(encryption: Parameters<typeof startStockHost>[0]): Promise<StockHost> {
  const host = await startStockHost(encryption)
  stops.push(() => host.stop())
  return host
}

const timeout = (): AbortSignal => AbortSignal.timeout(5000)
const addressOf = (of: CountingNetwork): string => `${of.addresses()[0]}/p2p/${of.self}`

it('talks with nodes that have stock TLS or noise only, both ways', async () => {
  const ours = network()
  serveEcho(ours)
  await ours.start(timeout())
  for (const encryption of ['tls', 'noise'] as const) {
    const theirs = await stock(encryption)
    expect(await theirs.dial(addressOf(ours))).toMatch(encryption)
    const frame = randomBytes(2 * MIB)
    const back = await theirs.echo(ours.self, ECHO, frame)
    expect(frame.equals(back.subarray(4))).toBe(true)

    const dialler = network()
    await dialler.start(timeout())
    const peer = theirs.peer as PeerId
    const link = await dialler.open(peer, '/echo/1', {
      frameBytesMax: 8 * MIB,
      addresses: theirs.addresses,
    })
    const heard = listen(link)
    link.send(frame)
    await until('echo', 5000, () => heard.frames[0])
    expect(frame.equals(heard.frames[0] ?? new Uint8Array())).toBe(true)
    expect(dialler.peers()[0]?.encryption).toBe(encryption)
  }
})

it('survives connections that are dropped the moment they are made', async () => {
  const server = network()
  serveEcho(server)
  await server.start(timeout())
  // Before this was handled, it took the process with it: see fast-tls.ts.
  for (const encryption of ['fast-tls', 'tls', 'noise'] as const) {
    const client = await stock(encryption)
    for (let round = 0; round < 5; round++) await client.dialAndDrop(addressOf(server))
  }
  const client = network()
  await client.start(timeout())
  const { open } = await client.open(server.self, ECHO, {
    frameBytesMax: 10,
    addresses: server.addresses(),
  })
  expect(open).toBe(true)
})

it('does not take a device for another one', async () => {
  const [client, server] = [network(), network()]
  for (const each of [client, server]) await each.start(timeout())
  const other = loopbackNetwork().self
  await expect(client.connect(other, server.addresses())).rejects.toMatchObject({
    code: 'NETWORK_PEER_UNREACHABLE',
  })
  expect(client.peers()).toEqual([])
})
