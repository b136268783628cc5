/**
 * Passes on among members what any of them can verify for itself, and takes what is passed on.
 *
 * Short items travel with their notice by gossip; longer ones are fetched by their hash from
 * whoever gave the notice. Who becomes a member is asked for all that it has.
 *
 * @module
 */

import { fromHex, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Logger } from '../../core/logger.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  CONVEYANCE_FRAME_BYTES_MAX,
  CONVEYANCE_PROTOCOL,
  CONVEYANCE_TOPIC,
  decodeNotice,
  encodeConveyance,
  encodeNotice,
  type GiverInput,
  GiverMachine,
  type GiverOutput,
  INLINE_BYTES_MAX,
  type ItemKind,
  type ItemName,
  type TakerInput,
  TakerMachine,
  type TakerOutput,
} from '../../protocols/conveyance/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { runExchange } from '../mesh/exchange.ts'
import type { GossipMessage, Link, Network } from '../network/network.ts'

/** Where items of one kind are kept. */
export interface ItemShelf {
  /** Ids, in hex, of items that whoever becomes a member should know. */
  ids(): readonly string[]
  get(id: string): Uint8Array | undefined
  /** True for an item that is not here and of use. */
  lacks(id: string): boolean
  /** Verifies an item and keeps it. Rejects with a CodedError when it does not hold. */
  take(body: Uint8Array): Promise<void>
}

/** Who is a member: {@link MeshMembership} knows. */
export interface ConveyorMesh {
  members(): readonly { readonly peer: PeerId }[]
  /** Calls back with whoever becomes a member, or is one no longer; returns how to stop. */
  onMember(listener: (peer: PeerId, admitted: boolean) => void): () => void
}

export interface ConveyorComponents {
  readonly network: Pick<Network, 'handle' | 'open' | 'publish' | 'subscribe' | 'self'>
  readonly mesh: ConveyorMesh
  readonly clock: Clock
  readonly logger: Logger
}

/** Notices of one device that are looked at within a minute. */
const NOTICES_PER_MINUTE_MAX = 64
const MINUTE_MS = 60_000
/** Devices whose notices are counted. */
const PEERS_MAX = 1_024
/** Exchanges that are under way at once; a device that gives more notices is asked again by the next one. */
const TAKING_MAX = 16
const LINKS_PER_PEER_MAX = 2

export class Conveyor {
  readonly #components: ConveyorComponents
  readonly #shelves: Readonly<Partial<Record<ItemKind, ItemShelf>>>
  readonly #heard = new RecentCache<PeerId, { readonly sinceMs: number; readonly count: number }>(
    PEERS_MAX,
  )
  readonly #links = new Set<Link>()
  readonly #taking = new Set<Promise<void>>()
  #unlisten: (() => void) | undefined
  #sweeps = 0
  #stopped = false

  /** Registers itself for the topic and the protocol: before the network starts. */
  constructor(
    components: ConveyorComponents,
    shelves: Readonly<Partial<Record<ItemKind, ItemShelf>>>,
  ) {
    this.#components = components
    this.#shelves = shelves
    const { network } = components
    network.handle({
      id: CONVEYANCE_PROTOCOL,
      frameBytesMax: CONVEYANCE_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.#give(link),
    })
    network.subscribe(
      CONVEYANCE_TOPIC,
      (message) => this.#check(message),
      (message) => this.#onNotice(message),
    )
  }

  start(): void {
    this.#unlisten = this.#components.mesh.onMember((peer, admitted) => {
      if (admitted) this.#takeFrom(peer)
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#unlisten?.()
    for (const link of this.#links) link.abort()
    await Promise.allSettled(this.#taking)
  }

  /** Tells all members of an item. What is not heard is found by whoever asks for all. */
  async publish(kind: ItemKind, body: Uint8Array): Promise<void> {
    const { network, logger } = this.#components
    const id = nodeCrypto.sha256(body)
    const short = body.length <= INLINE_BYTES_MAX
    const notice = encodeNotice({ kind, id, body: short ? body : undefined })
    try {
      await network.publish(CONVEYANCE_TOPIC, notice)
    } catch (error) {
      logger.debug('notice not gossiped', { kind, error })
    }
  }

  /** Asks the next of the members for all that is missing here: notices get lost. */
  sweep(): void {
    const members = this.#components.mesh.members()
    const next = members[this.#sweeps++ % Math.max(1, members.length)]
    if (next !== undefined) this.#takeFrom(next.peer)
  }

  /** Fetches an item by its name. Resolves when it has come, or cannot; never rejects. */
  async fetch(peer: PeerId, kind: ItemKind, id: string): Promise<void> {
    await this.#exchange(peer, [nameOf(kind, id)])
  }

  #check({ from, data }: GossipMessage): 'accept' | 'ignore' | 'reject' {
    const notice = decodeNotice(data)
    if (notice === undefined) return 'reject'
    const { id, body } = notice
    if (body !== undefined && toHex(nodeCrypto.sha256(body)) !== toHex(id)) return 'reject'
    const known = this.#components.mesh.members().some(({ peer }) => peer === from)
    return known && this.#mayNotify(from) ? 'accept' : 'ignore'
  }

  /** Counts a notice of `peer`; false when it gives too many. */
  #mayNotify(peer: PeerId): boolean {
    const nowMs = this.#components.clock.monotonicMs()
    const before = this.#heard.get(peer)
    const { sinceMs, count } =
      before !== undefined && nowMs - before.sinceMs < MINUTE_MS
        ? before
        : { sinceMs: nowMs, count: 0 }
    this.#heard.set(peer, { sinceMs, count: count + 1 })
    return count < NOTICES_PER_MINUTE_MAX
  }

  #onNotice({ from, data }: GossipMessage): void {
    const notice = decodeNotice(data)
    if (notice === undefined || from === this.#components.network.self) return
    const { kind, id, body } = notice
    if (this.#shelves[kind]?.lacks(toHex(id)) !== true) return
    if (body === undefined) this.#takeFrom(from, [{ kind, id: id.slice() }])
    else this.#track(this.#take(kind, body.slice()))
  }

  #takeFrom(peer: PeerId, named?: readonly ItemName[]): void {
    if (this.#stopped || this.#taking.size >= TAKING_MAX) return
    this.#track(this.#exchange(peer, named))
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#taking.delete(tracked))
    this.#taking.add(tracked)
  }

  async #take(kind: ItemKind, body: Uint8Array): Promise<void> {
    try {
      await this.#shelves[kind]?.take(body)
    } catch (error) {
      // Whoever passed it on need not have made it: nothing is held against anybody.
      this.#components.logger.debug('item refused', { kind, code: errorCode(error) })
    }
  }

  /** Asks `peer` for items. Never rejects: what does not come now comes another time. */
  async #exchange(peer: PeerId, named?: readonly ItemName[]): Promise<void> {
    const { network, clock, logger } = this.#components
    try {
      const options = { frameBytesMax: CONVEYANCE_FRAME_BYTES_MAX }
      const link = await network.open(peer, CONVEYANCE_PROTOCOL, options)
      this.#links.add(link)
      const over = Promise.withResolvers<void>()
      let taken = Promise.resolve()
      const perform = (output: TakerOutput, feed: (input: TakerInput) => void): void => {
        switch (output.type) {
          case 'send':
            return link.send(encodeConveyance(output.message))
          case 'choose':
            return feed({ type: 'chosen', items: this.#lacking(output.items) })
          case 'take':
            // In their order: an item may rest on the one before.
            taken = taken.then(() => this.#take(output.kind, output.body))
            return
          case 'over':
            if (output.fault !== undefined) logger.debug('items not taken', { peer, ...output })
            over.resolve()
        }
      }
      const machine = new TakerMachine(nodeCrypto.sha256, named)
      runExchange<TakerInput, TakerOutput>({ link, clock, machine, perform })
      if (!link.open) over.resolve()
      await over.promise
      this.#links.delete(link)
      link.abort()
      await taken
    } catch (error) {
      logger.debug('items not asked for', { peer, error })
    }
  }

  #lacking(items: readonly ItemName[]): readonly ItemName[] {
    return items.filter(({ kind, id }) => this.#shelves[kind]?.lacks(toHex(id)) === true)
  }

  #give(link: Link): void {
    const { clock } = this.#components
    this.#links.add(link)
    const perform = (output: GiverOutput, feed: (input: GiverInput) => void): void => {
      switch (output.type) {
        case 'send':
          return link.send(encodeConveyance(output.message))
        case 'list':
          return feed({ type: 'listed', items: this.#held() })
        case 'look': {
          const { kind, id } = output.item
          return feed({ type: 'looked', body: this.#shelves[kind]?.get(toHex(id)) })
        }
        case 'over':
          link.abort()
      }
    }
    const onEnd = (): void => void this.#links.delete(link)
    runExchange<GiverInput, GiverOutput>({
      link,
      clock,
      machine: new GiverMachine(),
      perform,
      onEnd,
    })
  }

  #held(): readonly ItemName[] {
    const kinds = Object.entries(this.#shelves) as [ItemKind, ItemShelf][]
    return kinds.flatMap(([kind, shelf]) => shelf.ids().map((id) => nameOf(kind, id)))
  }
}

function nameOf(kind: ItemKind, hex: string): ItemName {
  const id = fromHex(hex)
  invariant(id !== undefined, 'ids are hexadecimal')
  return { kind, id }
}
