/**
 * An ordinary libp2p node that is not ours, for tests: an old friend or a stranger.
 *
 * @module
 */

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Stream } from '@libp2p/interface'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { concatBytes } from '../../../core/bytes.ts'
import { asPeerId, type PeerId } from '../../../core/ids.ts'
import { fastTls } from '../fast-tls.ts'
import { frameHeader } from '../framing.ts'

/** What became of a stream that the node opened. */
export type StreamFate = 'open' | 'reset' | 'not-spoken'

export interface StockHost {
  readonly peer: PeerId | undefined
  readonly addresses: readonly string[]
  /** Connects; resolves to the encryption that was agreed on. */
  dial(address: string): Promise<string>
  /** Connects and resets the connection at once. */
  dialAndDrop(address: string): Promise<void>
  /** Opens a stream on the connection to `peer`, says nothing sensible, and waits what happens. */
  tryProtocol(peer: PeerId, protocol: string): Promise<StreamFate>
  /** Sends one frame and resolves to as many bytes as come back, header included. */
  echo(peer: PeerId, protocol: string, frame: Uint8Array): Promise<Uint8Array>
  stop(): Promise<void>
}

/** Time in which a node that refuses a stream has reset it, on loopback, in ms. */
const REFUSAL_MS = 250

const ENCRYPTERS = { tls, noise, 'fast-tls': fastTls }

/** Starts a node with one encryption that listens on loopback and echoes on /echo/1. */
export async function startStockHost(encryption: keyof typeof ENCRYPTERS): Promise<StockHost> {
  const host = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [ENCRYPTERS[encryption]()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), ping: ping() },
  })
  await host.handle('/echo/1', (stream) => {
    stream.addEventListener('message', ({ data }) => stream.send(data))
  })
  const open = async (peer: PeerId, protocol: string): Promise<Stream> => {
    const connection = host.getConnections().find((c) => c.remotePeer.toString() === peer)
    if (connection === undefined) throw new Error('the node is not connected')
    return connection.newStream(protocol)
  }
  return {
    peer: asPeerId(host.peerId.toString()),
    addresses: host.getMultiaddrs().map(String),
    dial: async (address) => (await host.dial(multiaddr(address))).encryption ?? 'none',
    dialAndDrop: async (address) => {
      const connection = await host.dial(multiaddr(address), { force: true })
      connection.abort(new Error('dropped'))
    },
    tryProtocol: async (peer, protocol) => {
      try {
        const stream = await open(peer, protocol)
        if (stream.status === 'open') await untilOver(stream, REFUSAL_MS)
        return stream.status === 'open' ? 'open' : 'reset'
      } catch (error) {
        const unknown = error instanceof Error && error.name === 'UnsupportedProtocolError'
        return unknown ? 'not-spoken' : 'reset'
      }
    },
    echo: async (peer, protocol, frame) => {
      const stream = await open(peer, protocol)
      return roundTrip(stream, concatBytes([frameHeader(frame.length), frame]))
    },
    stop: async () => host.stop(),
  }
}

async function untilOver(stream: Stream, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  stream.addEventListener('close', () => resolve())
  await promise
  clearTimeout(timer)
}

async function roundTrip(stream: Stream, bytes: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const parts: Uint8Array[] = []
  let received = 0
  stream.addEventListener('message', ({ data }) => {
    parts.push(data.subarray())
    received += data.byteLength
    if (received >= bytes.length) resolve(concatBytes(parts))
  })
  stream.addEventListener('close', () => reject(new Error(`the stream is ${stream.status}`)))
  stream.send(bytes)
  return promise
}
