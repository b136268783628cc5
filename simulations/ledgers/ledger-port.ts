/**
 * The network as the ledger of a device sees it: all that it says on a link can be heard, and bent.
 *
 * A device has one face, or several: each of them knows some of the others only, and nothing of the other faces.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Link, Network, ProtocolInit } from '../../node/network/network.ts'
import type { MeshPort } from '../meshes/mesh-port.ts'

/** What ledgers, witnesses and receipts use of the network. */
export type LedgerNetwork = Pick<
  Network,
  'self' | 'peers' | 'onPeer' | 'handle' | 'open' | 'publish' | 'subscribe'
>

/** A frame that a device is about to send. */
export interface Speech {
  readonly to: PeerId
  readonly protocol: string
  readonly frame: Uint8Array
}

/** Hears what is said, and returns what is sent in its place: the same, where nothing is bent. */
export type Tap = (speech: Speech) => Uint8Array

interface Served {
  readonly knows: (peer: PeerId) => boolean
  readonly accept: (link: Link) => void
}

export class LedgerPort {
  readonly #port: MeshPort
  readonly #tap: Tap
  readonly #served = new Map<string, Served[]>()

  constructor(port: MeshPort, tap: Tap) {
    this.#port = port
    this.#tap = tap
  }

  /** A face of the device, which knows these only. */
  face(knows: (peer: PeerId) => boolean): LedgerNetwork {
    const port = this.#port
    return {
      self: port.self,
      peers: () => port.peers().filter(({ peer }) => knows(peer)),
      onPeer: (listener) =>
        port.onNear((peer) => {
          if (knows(peer)) listener(peer, true)
        }),
      handle: (protocol) => this.#serve(protocol, knows),
      open: async (peer, protocol) => this.#tapped(await port.open(peer, protocol), protocol),
      publish: async (topic, data) => {
        port.spread({ from: port.self, topic, data }, port.connected().filter(knows))
      },
      subscribe: (...subscription) => port.subscribe(...subscription),
    }
  }

  #serve(protocol: ProtocolInit, knows: Served['knows']): void {
    const { id } = protocol
    const served = [
      ...(this.#served.get(id) ?? []),
      { knows, accept: (link: Link) => protocol.accept(link) },
    ]
    this.#served.set(id, served)
    this.#port.handle({
      ...protocol,
      accept: (link) => {
        const face = served.find((one) => one.knows(link.peer))
        if (face === undefined) link.abort()
        else face.accept(this.#tapped(link, id))
      },
    })
  }

  #tapped(link: Link, protocol: string): Link {
    const to = link.peer
    return {
      get peer() {
        return link.peer
      },
      get open() {
        return link.open
      },
      get bufferedBytes() {
        return link.bufferedBytes
      },
      send: (...chunks) => {
        if (link.open) link.send(this.#tap({ to, protocol, frame: concatBytes(chunks) }))
      },
      drained: () => link.drained(),
      receive: (listener) => link.receive(listener),
      close: () => link.close(),
      abort: () => link.abort(),
    }
  }
}
