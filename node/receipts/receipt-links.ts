/**
 * The links on which receipts travel: one to each peer that is to hear of halves, one from each that has some.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { TimePassed } from '../../core/machine.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import type { Half } from '../../ledger/index.ts'
import {
  countsAgainst,
  encodeReceiptMessage,
  type HalfRefusal,
  RECEIPT_FRAME_BYTES_MAX,
  RECEIPT_PROTOCOL,
  type ReceiptFault,
  ReceiverMachine,
  type ReceiverOutput,
  type SenderInput,
  SenderMachine,
  type SenderOutput,
  type SentHalf,
} from '../../protocols/receipt/index.ts'
import { schedule } from '../mesh/exchange.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Link, Network } from '../network/network.ts'

/** A half that came, from whom, and on which link. */
export interface Arrival {
  readonly peer: PeerId
  /** A number that no other link has. */
  readonly link: number
  readonly sent: SentHalf
}

export interface ReceiptLinksComponents {
  readonly network: Pick<Network, 'open' | 'handle'>
  readonly clock: Clock
  readonly logger: Logger
  /** Id of the mesh whose ledger is open; undefined while none is. */
  readonly mesh: () => Uint8Array | undefined
  /** Resolves to a refusal, or to undefined when the half is on the disk. Never rejects. */
  readonly judge: (arrival: Arrival) => Promise<HalfRefusal | undefined>
}

/** What became of a half: undefined when the peer has it on its disk. */
export type Told = HalfRefusal | 'dropped' | undefined

/** A link that broke may not have been noticed at the other end yet. */
const LINKS_PER_PEER_MAX = 2
/** Peers whose faults are remembered. */
const PEERS_COUNTED_MAX = 1_024
/** Faults after which nothing is taken from a peer any more, until this daemon starts again. */
const FAULTS_MAX = 64

interface Sender {
  readonly driver: MachineDriver<SenderInput, SenderOutput>
  readonly waiting: Map<string, (told: Told) => void>
  link: Link | undefined
}

export class ReceiptLinks {
  readonly #components: ReceiptLinksComponents
  readonly #senders = new Map<PeerId, Sender>()
  readonly #inbound = new Set<Link>()
  readonly #faults = new RecentCache<PeerId, number>(PEERS_COUNTED_MAX)
  #links = 0
  #stopped = false

  /** Serves /brume/receipt/1. */
  constructor(components: ReceiptLinksComponents) {
    this.#components = components
    components.network.handle({
      id: RECEIPT_PROTOCOL,
      frameBytesMax: RECEIPT_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.#accept(link),
    })
  }

  /** Faults of `peer` so far. */
  faultsOf(peer: PeerId): number {
    return this.#faults.get(peer) ?? 0
  }

  /** Tells `peer` of a half that is on the disk. Resolves when that is over, one way or the other. */
  tell(peer: PeerId, { id, kind, signed }: Half): Promise<Told> {
    const mesh = this.#components.mesh()
    if (mesh === undefined || this.#stopped) return Promise.resolve('dropped')
    const sender = this.#senders.get(peer) ?? this.#newSender(peer, mesh)
    const { promise, resolve } = Promise.withResolvers<Told>()
    const key = toHex(id)
    sender.waiting.set(key, resolve)
    const half = { kind, body: signed.body, signature: signed.signature }
    sender.driver.feed({ type: 'offer', key, half })
    return promise
  }

  /** Ends all links; what waits is dropped. After that, a mesh that was entered begins anew. */
  reset(): void {
    for (const { driver, waiting, link } of this.#senders.values()) {
      driver.stop()
      link?.abort()
      for (const resolve of waiting.values()) resolve('dropped')
    }
    this.#senders.clear()
    for (const link of this.#inbound) link.abort()
    this.#inbound.clear()
  }

  stop(): void {
    this.#stopped = true
    this.reset()
  }

  #newSender(peer: PeerId, mesh: Uint8Array): Sender {
    const { clock } = this.#components
    const driver = new MachineDriver<SenderInput, SenderOutput>(new SenderMachine(mesh), {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => schedule(clock, atMs, callback),
      perform: (output) => this.#perform(peer, sender, output),
    })
    const sender: Sender = { driver, waiting: new Map(), link: undefined }
    this.#senders.set(peer, sender)
    return sender
  }

  #perform(peer: PeerId, sender: Sender, output: SenderOutput): void {
    switch (output.type) {
      case 'connect':
        void this.#connect(peer, sender)
        return
      case 'send':
        sender.link?.send(encodeReceiptMessage(output.message))
        return
      case 'answered':
        this.#tellOwner(sender, output.key, output.refusal)
        return
      case 'dropped':
        this.#tellOwner(sender, output.key, 'dropped')
        return
      case 'disconnect':
        if (output.fault !== undefined && countsAgainst(output.fault)) {
          this.#noteFault(peer, output.fault)
        }
        sender.link?.abort()
    }
  }

  #tellOwner({ waiting }: Sender, key: string, told: Told): void {
    waiting.get(key)?.(told)
    waiting.delete(key)
  }

  async #connect(peer: PeerId, sender: Sender): Promise<void> {
    const feed = (input: SenderInput | TimePassed): void => {
      if (this.#senders.get(peer) === sender) sender.driver.feed(input)
    }
    try {
      const link = await this.#components.network.open(peer, RECEIPT_PROTOCOL, {
        frameBytesMax: RECEIPT_FRAME_BYTES_MAX,
      })
      if (this.#senders.get(peer) !== sender) return link.abort()
      sender.link = link
      link.receive({
        onFrame: (frame) => feed({ type: 'frame', frame }),
        onEnd: () => {
          if (sender.link !== link) return
          sender.link = undefined
          feed({ type: 'unlinked' })
        },
      })
      // A link that was over before anybody listened tells nobody.
      feed({ type: link.open ? 'linked' : 'unlinked' })
    } catch (error) {
      // It is tried again for as long as the half lives.
      this.#components.logger.debug('receipts not told', { peer, error })
      feed({ type: 'unlinked' })
    }
  }

  #accept(link: Link): void {
    const { peer } = link
    const mesh = this.#components.mesh()
    if (this.#stopped || mesh === undefined || this.faultsOf(peer) >= FAULTS_MAX) {
      return link.abort()
    }
    const number = ++this.#links
    const machine = new ReceiverMachine(mesh)
    const perform = (output: ReceiverOutput): void => {
      switch (output.type) {
        case 'send':
          link.send(encodeReceiptMessage(output.message))
          return
        case 'judge':
          void this.#components
            .judge({ peer, link: number, sent: output.half })
            .then((refusal) => feed({ type: 'judged', number: output.number, refusal }))
          return
        case 'fault':
          this.#noteFault(peer, output.code)
          return
        case 'over':
          link.abort()
      }
    }
    const feed = (input: Parameters<typeof machine.handle>[0]): void => {
      for (const output of machine.handle(input)) perform(output)
    }
    this.#inbound.add(link)
    link.receive({
      onFrame: (frame) => feed({ type: 'frame', frame }),
      onEnd: () => this.#inbound.delete(link),
    })
  }

  #noteFault(peer: PeerId, code: ReceiptFault): void {
    const faults = this.faultsOf(peer) + 1
    this.#faults.set(peer, faults)
    this.#components.logger.warn('fault of a peer', { peer, code, faults })
  }
}
