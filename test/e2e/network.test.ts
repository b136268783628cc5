import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import { NetworkError } from '../../node/network/errors.ts'
import type { CountingNetwork } from '../../node/network/libp2p-network.ts'
import type { Link, MembershipGate } from '../../node/network/network.ts'
import { DEFAULT_NETWORK_INIT } from '../../node/network/network-init.ts'
import { type StockHost, startStockHost } from '../../node/network/testing/stock-host.ts'
import { delay, until } from '../fixtures/delay.ts'
import {
  SetGate,
  listen,
  loopbackNetwork,
  serveEcho,
  startAndConnect,
} from '../fixtures/networks.ts'

const PEER_PROGRAM = new URL('../fixtures/network-peer.ts', import.meta.url)
const ECHO = '/brume/echo/1'
const MIB = 1024 * 1024

const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

function network(...init: Parameters<typeof loopbackNetwork>): CountingNetwork {
  const made = loopbackNetwork(...init)
  stops.push(() => made.stop())
  return made
}

async function stock(encryption: Parameters<typeof startStockHost>[0]): Promise<StockHost> {
  const host = await startStockHost(encryption)
  stops.push(() => host.stop())
  return host
}

const codeOf = async (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => 'no error',
    (error: unknown) => (error instanceof NetworkError ? error.code : String(error)),
  )
const timeout = (ms = 5000): AbortSignal => AbortSignal.timeout(ms)
const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest()
const addressOf = (of: CountingNetwork): string => `${of.addresses()[0]}/p2p/${of.self}`

it('carries frames between two devices over TLS and over WebSocket', async () => {
  const server = network({ listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] })
  const [overTcp, overWs] = [network(), network()]
  serveEcho(server)
  for (const each of [server, overTcp, overWs]) await each.start(timeout())
  for (const [client, wanted] of [
    [overTcp, /tcp\/\d+$/],
    [overWs, /\/ws$/],
  ] as const) {
    const addresses = server.addresses().filter((text) => wanted.test(text))
    const link = await client.open(server.self, ECHO, { frameBytesMax: 8 * MIB, addresses })
    const heard = listen(link)
    const frames = [randomBytes(0), randomBytes(1), randomBytes(8192), randomBytes(3 * MIB)]
    for (const frame of frames) link.send(frame.subarray(0, 5), frame.subarray(5))
    await until('echo', 5000, () => (heard.frames.length === 4 ? true : undefined))
    expect(heard.frames.every((frame, n) => frames[n]?.equals(frame))).toBe(true)
    // The two clients may have found each other through the server meanwhile.
    expect(client.peers().filter(({ peer }) => peer === server.self)).toMatchObject([
      { direction: 'outbound', encryption: 'tls', address: addresses[0] },
    ])
    await link.close()
    expect(await heard.ended).toBe('local')
  }
})

it('holds a sender back whose receiver is slow', async () => {
  const [client, server] = [network(), network()]
  let taken = 0
  const { promise: free, resolve: release } = Promise.withResolvers<void>()
  server.handle({
    id: ECHO,
    frameBytesMax: MIB,
    linksPerPeerMax: 1,
    membersOnly: true,
    accept: (link) =>
      link.receive({
        onFrame: async (frame) => {
          await free
          taken += frame.length
        },
        onEnd: () => undefined,
      }),
  })
  await startAndConnect([server, client])
  const link = await client.open(server.self, ECHO, { frameBytesMax: MIB })
  listen(link)
  const frame = randomBytes(MIB)
  const before = process.memoryUsage().rss
  let sent = 0
  const enough = AbortSignal.timeout(1000)
  while (sent < 400 && !enough.aborted) {
    link.send(frame)
    sent++
    await Promise.race([link.drained(), delay(300)])
    if (link.bufferedBytes > MIB) break
  }
  // What is under way is a window, and what waits on either side; all the rest is still here.
  expect(sent).toBeLessThan(40)
  expect(process.memoryUsage().rss - before).toBeLessThan(150 * MIB)
  release()
  await until('the rest', 5000, () => (taken === sent * MIB ? true : undefined))
})

it('resets a link on which a frame is too long, and refuses a link too many', async () => {
  const [client, server] = [network(), network()]
  server.handle({
    id: ECHO,
    frameBytesMax: 1000,
    linksPerPeerMax: 2,
    membersOnly: true,
    accept: (link) => void listen(link),
  })
  await startAndConnect([server, client])
  const open = (): Promise<Link> => client.open(server.self, ECHO, { frameBytesMax: 1000 })
  const [link] = [await open(), await open()]
  // The refusal may arrive while the link is opened, or right after.
  const end = await open().then(
    (third) => listen(third).ended,
    (error: unknown) => (error instanceof NetworkError ? error.code : error),
  )
  expect(['reset', 'NETWORK_PROTOCOL_REFUSED']).toContain(end)
  const heard = listen(link)
  link.send(new Uint8Array(1000))
  link.send(new Uint8Array(1001))
  expect(await heard.ended).toBe('reset')
})

it('holds a stranger to identify, ping and the protocols that are open to it', async () => {
  const gate = new SetGate()
  const server = network({}, gate)
  serveEcho(server)
  serveEcho(server, { id: '/brume/join/1', membersOnly: false })
  await server.start(timeout())
  const stranger = await stock('noise')
  expect(await stranger.dial(addressOf(server))).toBe('/noise')

  const spoken = ['/brume/kad/1.0.0', '/meshsub/1.2.0', '/meshsub/1.1.0', '/meshsub/1.0.0', ECHO]
  const fates = async (): Promise<unknown> =>
    Promise.all(spoken.map((protocol) => stranger.tryProtocol(server.self, protocol)))
  expect(await fates()).toEqual(spoken.map(() => 'reset'))
  expect(server.counters.streamsRefused).toBe(spoken.length)
  for (const protocol of ['/ipfs/ping/1.0.0', '/brume/join/1']) {
    expect([protocol, await stranger.tryProtocol(server.self, protocol)]).toEqual([
      protocol,
      'open',
    ])
  }
  for (const protocol of ['/floodsub/1.0.0', '/ipfs/kad/1.0.0', '/brume/none/1']) {
    expect(await stranger.tryProtocol(server.self, protocol)).toBe('not-spoken')
  }
  const frame = randomBytes(100)
  const back = await stranger.echo(server.self, '/brume/join/1', frame)
  expect(Buffer.from(back).subarray(4)).toEqual(frame)

  if (stranger.peer !== undefined) gate.members.add(stranger.peer)
  expect(await fates()).toEqual(spoken.map(() => 'open'))
})

it('opens nothing to a stranger', async () => {
  const [client, server] = [network({}, new SetGate()), network()]
  serveEcho(server)
  serveEcho(client, { id: '/brume/join/1', membersOnly: false })
  serveEcho(server, { id: '/brume/join/1', membersOnly: false })
  await startAndConnect([server, client])
  const options = { frameBytesMax: 10 }
  expect(await codeOf(client.open(server.self, ECHO, options))).toBe('NETWORK_PROTOCOL_REFUSED')
  const link = await client.open(server.self, '/brume/join/1', options)
  const heard = listen(link)
  link.send(Uint8Array.of(7))
  await until('echo', 2000, () => heard.frames[0])
  expect(client.counters.streamsWithheld).toBeGreaterThanOrEqual(1)
})

it('says how long it is to a member and back, and asks no stranger', async () => {
  const gate = new SetGate()
  const [client, server] = [network({}, gate), network()]
  await startAndConnect([server, client])
  expect(await codeOf(client.ping(server.self))).toBe('NETWORK_PROTOCOL_REFUSED')
  gate.members.add(server.self)
  const rttMs = await client.ping(server.self)
  expect(rttMs).toBeGreaterThanOrEqual(0)
  expect(rttMs).toBeLessThan(1000)
  await server.stop()
  expect(await codeOf(client.ping(server.self))).toMatch(/NETWORK_(PEER_UNREACHABLE|TIMEOUT)/)
})

it('lets a stream wait while the gate makes up its mind', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<boolean>()
  const [client, server] = [network(), network({}, { isMember: () => answer })]
  serveEcho(server)
  await startAndConnect([server, client])
  const link = await client.open(server.self, ECHO, { frameBytesMax: 10 })
  const heard = listen(link)
  link.send(Uint8Array.of(1))
  await delay(100)
  expect([heard.frames.length, link.open]).toEqual([0, true])
  resolve(true)
  await until('echo', 2000, () => heard.frames[0])
})

it('notices at once that a peer died', async () => {
  const child = spawn(process.execPath, [fileURLToPath(PEER_PROGRAM)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  stops.push(() => stopped(child))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const [peer = '', address = ''] = line.toString().trim().split(' ')
  const client = network()
  await client.start(timeout())
  const gone: PeerId[] = []
  client.onPeer((id, connected) => !connected && gone.push(id))
  const link = await client.open(asPeerId(peer) as PeerId, ECHO, {
    frameBytesMax: MIB,
    addresses: [address],
  })
  const heard = listen(link)
  link.send(Uint8Array.of(1))
  await until('echo', 2000, () => heard.frames[0])
  child.kill('SIGKILL')
  const killedAtMs = performance.now()
  expect(await heard.ended).toBe('reset')
  expect(performance.now() - killedAtMs).toBeLessThan(1000)
  await until('disconnect', 1000, () => gone[0])
  expect(gone).toEqual([peer])
})

it('keeps values in the DHT, checked, the best one first', async () => {
  const strict = (): Parameters<CountingNetwork['useValidator']>[0] => {
    let newest = 0
    return {
      check: (_, [sequence = 0]) => {
        if (sequence < newest) return false
        newest = sequence
        return true
      },
      best: (_, values) =>
        values.reduce(
          (best, value, n) => ((value[0] ?? 0) > (values[best]?.[0] ?? 0) ? n : best),
          0,
        ),
    }
  }
  const all = [network(), network(), network()]
  const [a, b, rogue] = all as [CountingNetwork, CountingNetwork, CountingNetwork]
  a.useValidator(strict())
  b.useValidator(strict())
  rogue.useValidator({ check: () => true, best: () => 0 })
  // Alone in the mesh it stores for itself, and does not wait for anybody.
  await a.start(timeout())
  expect(await a.dhtPut('x', Uint8Array.of(1), timeout(500))).toBe(0)
  await startRest(a, [b, rogue])

  await until('both in the routing table', 3000, async () =>
    (await a.dhtPut('x', Uint8Array.of(5), timeout())) === 2 ? true : undefined,
  )
  expect(await b.dhtGet('x', timeout())).toEqual(Uint8Array.of(5))
  expect(await rogue.dhtPut('x', Uint8Array.of(4), timeout())).toBe(0)
  expect(await rogue.dhtPut('x', new Uint8Array(5000).fill(9), timeout())).toBe(0)
  expect(await b.dhtGet('x', timeout())).toEqual(Uint8Array.of(5))
  expect(await b.dhtGet('y', timeout())).toBeUndefined()
})

it('finds the devices that provide something, until they no longer do', async () => {
  const [a, b, c] = [network(), network(), network()]
  await a.start(timeout())
  await startRest(a, [b, c])
  await b.dhtProvide(sha256('class'), timeout())
  await c.dhtProvide(sha256('class'), timeout())
  const found = await Array.fromAsync(a.dhtProviders(sha256('class'), timeout()))
  expect(found.toSorted()).toEqual([b.self, c.self].toSorted())
  expect(await Array.fromAsync(a.dhtProviders(sha256('other'), timeout()))).toEqual([])
})

it('finds the other devices through the one that it was told of', async () => {
  const first = network()
  await first.start(timeout())
  const rest = [1, 2].map(() => network({ bootstrap: [addressOf(first)] }))
  for (const each of rest) await each.start(timeout())
  for (const each of [first, ...rest]) {
    await until('all', 8000, () => (each.peers().length === 2 ? true : undefined))
  }
  expect(rest[0]?.peers().map(({ peer }) => peer)).toContain(rest[1]?.self)
})

it('takes a peer into the DHT and gossip once it is a member, though it connected as a stranger', async () => {
  const [gateA, gateB] = [new SetGate(), new SetGate()]
  const [a, b] = [network({}, gateA), network({}, gateB)]
  const heard: string[] = []
  for (const each of [a, b]) {
    each.useValidator({ check: () => true, best: () => 0 })
    each.subscribe(
      '/brume/news/1',
      ({ data }) => (data[0] === 0 ? 'reject' : 'accept'),
      ({ from, data }) => heard.push(`${each === a ? 'a' : 'b'} ${from === a.self} ${data[0]}`),
    )
  }
  await startAndConnect([a, b])
  await delay(300)
  expect(await a.dhtPut('x', Uint8Array.of(1), timeout())).toBe(0)
  await a.publish('/brume/news/1', Uint8Array.of(1))

  gateA.members.add(b.self)
  gateB.members.add(a.self)
  a.memberAdmitted(b.self)
  b.memberAdmitted(a.self)
  expect(await a.dhtPut('x', Uint8Array.of(1), timeout())).toBe(1)
  await until('gossip', 5000, async () => {
    await a.publish('/brume/news/1', Uint8Array.of(0))
    await a.publish('/brume/news/1', Uint8Array.of(2))
    await delay(100)
    return heard[0]
  })
  expect(new Set(heard)).toEqual(new Set(['b true 2']))
})

it('survives connections that break in the middle of anything', async () => {
  const [client, server] = [network(), network()]
  serveEcho(server)
  await startAndConnect([server, client])
  for (let round = 0; round < 5; round++) {
    const link = await client.open(server.self, ECHO, {
      frameBytesMax: MIB,
      addresses: server.addresses(),
    })
    const heard = listen(link)
    for (let n = 0; n < 20; n++) link.send(randomBytes(500_000))
    await (round % 2 === 0 ? client : server).disconnect(
      round % 2 === 0 ? server.self : client.self,
    )
    expect(await heard.ended).toBe('reset')
  }
})

it('says why it cannot start, or reach a peer', async () => {
  const holder = createServer()
  holder.listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const port = (holder.address() as { port: number }).port
  const taken = loopbackNetwork({
    listen: [`/ip4/127.0.0.1/tcp/${port}`, '/ip4/127.0.0.1/tcp/0/ws'],
  })
  const failure = await taken.start(timeout()).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    failure: {
      code: 'NETWORK_LISTEN_FAILED',
      addresses: [`/ip4/127.0.0.1/tcp/${port}`],
      reason: 'port-taken',
    },
  })
  holder.close()
  const wrong = loopbackNetwork({ listen: ['/ip4/localhost'] })
  expect(await codeOf(wrong.start(timeout()))).toBe('NETWORK_ADDRESS_INVALID')

  const alone = network()
  await alone.start(timeout())
  const nobody = loopbackNetwork().self
  const closed = [`/ip4/127.0.0.1/tcp/${port}`]
  expect(await codeOf(alone.connect(nobody, closed))).toBe('NETWORK_PEER_UNREACHABLE')
  expect(await codeOf(alone.connect(nobody, ['nonsense']))).toBe('NETWORK_ADDRESS_INVALID')
  expect(await codeOf(alone.connect(nobody, closed, AbortSignal.abort('stop')))).toBe('stop')
})

it('closes strangers that stay too long', async () => {
  const gate: MembershipGate = { isMember: () => false }
  const limits = { ...DEFAULT_NETWORK_INIT.limits, strangerMsMax: 400 }
  const server = network({ limits }, gate)
  await server.start(timeout())
  const stranger = await stock('noise')
  await stranger.dial(addressOf(server))
  await until('the connection', 300, () => server.peers()[0])
  await until('the close', 2000, () => (server.peers().length === 0 ? true : undefined))
  expect(server.counters.strangersClosed).toBe(1)
})

/** Starts `rest` and connects them with `first` and with each other. */
async function startRest(first: CountingNetwork, rest: readonly CountingNetwork[]): Promise<void> {
  const connected = [first]
  for (const each of rest) {
    await each.start(timeout())
    for (const other of connected) await each.connect(other.self, other.addresses())
    connected.push(each)
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
