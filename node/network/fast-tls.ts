/**
 * TLS 1.3 as libp2p speaks it (`/tls/1.0.0`), over the socket itself.
 *
 * libp2p's own encrypter runs TLS over a JavaScript stream on top of the socket. Handing
 * the socket to node:tls is three times as fast at a third of the processor time, and
 * the other side cannot tell the difference. It needs the socket of libp2p's TCP
 * connection, which is not part of its interface: anything else falls back to the stock one.
 *
 * @see https://github.com/libp2p/specs/blob/master/tls/tls.md
 * @module
 */

import { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createSecureContext, type SecureContext, TLSSocket, connect } from 'node:tls'
import type {
  ConnectionEncrypter,
  MessageStream,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
} from '@libp2p/interface'
import { type TLSComponents, tls } from '@libp2p/tls'
import { generateCertificate, toMessageStream, verifyPeerCertificate } from '@libp2p/tls/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

/** What libp2p's TCP connection has beside its interface. */
interface SocketBacked {
  readonly socket?: unknown
  readonly readBuffer?: Uint8ArrayList
}

/** A connection encrypter for `createLibp2p`. */
export function fastTls(): (components: TLSComponents) => ConnectionEncrypter {
  return (components) => {
    const stock = tls()(components)
    const ours = new FastTls(components)
    const choose = (connection: MessageStream): ConnectionEncrypter =>
      socketOf(connection) === undefined ? stock : ours
    return {
      protocol: stock.protocol,
      secureInbound: (connection, options) => choose(connection).secureInbound(connection, options),
      secureOutbound: (connection, options) =>
        choose(connection).secureOutbound(connection, options),
    }
  }
}

function socketOf(connection: MessageStream): Socket | undefined {
  const { socket } = connection as SocketBacked
  return socket instanceof Socket ? socket : undefined
}

class FastTls implements ConnectionEncrypter {
  readonly protocol = '/tls/1.0.0'
  readonly #components: TLSComponents
  /** One for the life of the process: making its certificate takes longer than the handshake. */
  #context: Promise<SecureContext> | undefined

  constructor(components: TLSComponents) {
    this.#components = components
  }

  secureInbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    return this.#secure(connection, true, options)
  }

  secureOutbound(
    connection: MessageStream,
    options?: SecureConnectionOptions,
  ): Promise<SecuredConnection> {
    return this.#secure(connection, false, options)
  }

  async #secure(
    connection: MessageStream,
    isServer: boolean,
    options: SecureConnectionOptions = {},
  ): Promise<SecuredConnection> {
    const raw = socketOf(connection)
    if (raw === undefined) throw new Error('the connection has no socket')
    // At once: what arrives while the certificate is made belongs to TLS.
    raw.pause()
    this.#context ??= makeContext(this.#components.privateKey)
    const secureContext = await this.#context
    takeOver(connection, raw)

    const muxers = this.#components.upgrader.getStreamMuxers()
    const offered = options.skipStreamMuxerNegotiation === true ? [] : [...muxers.keys()]
    const settings = {
      secureContext,
      // Certificates are signed by the peer's own key, which is verified below.
      rejectUnauthorized: false,
      ALPNProtocols: [...offered, 'libp2p'],
    } as const
    const socket = isServer
      ? new TLSSocket(raw, {
          ...settings,
          isServer,
          requestCert: true,
          ALPNCallback: ({ protocols }: { protocols: string[] }) =>
            protocols.find((name) => name === 'libp2p' || offered.includes(name)),
        })
      : connect({ socket: raw, ...settings })
    return this.#handshake(connection, socket, { ...options, muxers })
  }

  /** Resolves once the other side has proved who it is. */
  async #handshake(
    connection: MessageStream,
    socket: TLSSocket,
    options: SecureConnectionOptions & { readonly muxers: Map<string, StreamMuxerFactory> },
  ): Promise<SecuredConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onAbort = (): void => reject(new Error('the TLS handshake took too long'))
    const onClose = (): void => reject(new Error('the TLS handshake was cut off'))
    options.signal?.addEventListener('abort', onAbort)
    socket.once('secure', resolve)
    socket.once('error', reject)
    socket.once('close', onClose)
    try {
      options.signal?.throwIfAborted()
      await promise
      // 'secure' is told from inside OpenSSL's read: a connection that is destroyed before that
      // read returned takes the process with it. Promises alone would not leave it.
      await setImmediate()
      const remotePeer = await verifyPeerCertificate(
        socket.getPeerCertificate().raw,
        options.remotePeer,
        connection.log,
      )
      const chosen = socket.alpnProtocol
      const streamMuxer = typeof chosen === 'string' ? options.muxers.get(chosen) : undefined
      return {
        remotePeer,
        connection: inOneRecord(toMessageStream(connection, socket), socket),
        ...(streamMuxer !== undefined && { streamMuxer }),
      }
    } catch (error) {
      const cause = error instanceof Error ? error : new Error('the TLS handshake failed')
      // Errors after this one have nobody left to hear them.
      socket.on('error', () => undefined)
      socket.destroy()
      connection.abort(cause)
      throw cause
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
      socket.off('error', reject)
      socket.off('close', onClose)
    }
  }
}

async function makeContext(key: TLSComponents['privateKey']): Promise<SecureContext> {
  return createSecureContext({
    ...(await generateCertificate(key)),
    // Nobody's authority counts here, and those of the system would be read in.
    ca: [],
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  })
}

/** Pieces up to this many bytes together are copied into one buffer. */
const JOIN_BYTES_MAX = 65_536

/** What the base class of libp2p's message streams asks of the one that writes. */
interface DataSender {
  sendData(data: Uint8ArrayList): { readonly sentBytes: number; readonly canSendMore: boolean }
}

/**
 * Writes a frame's header and its bytes as one record. One by one they are two records, and the
 * second waits until the first was written, a round of the event loop later.
 */
function inOneRecord(stream: MessageStream, socket: TLSSocket): MessageStream {
  const sender = stream as MessageStream & DataSender
  const sendPieces = sender.sendData.bind(sender)
  sender.sendData = (data) => {
    if (data.byteLength <= JOIN_BYTES_MAX) {
      return { sentBytes: data.byteLength, canSendMore: socket.write(data.subarray()) }
    }
    socket.cork()
    const sent = sendPieces(data)
    socket.uncork()
    return sent
  }
  return stream
}

/** Takes the socket's data away from `connection`, with what it had already read. */
function takeOver(connection: MessageStream, raw: Socket): void {
  raw.removeAllListeners('data')
  const { readBuffer } = connection as SocketBacked
  if (readBuffer === undefined || readBuffer.byteLength === 0) return
  raw.unshift(Buffer.from(readBuffer.subarray()))
  readBuffer.consume(readBuffer.byteLength)
}
