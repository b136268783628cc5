/**
 * The links that this device opened: one for each peer, shared by all sessions by slot.
 *
 * @module
 */

import type { Logger } from '../../core/logger.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  FRAME_BYTES_MAX,
  INFERENCE_PROTOCOL,
  type Envelope,
  type InferenceCode,
  type InferenceMessage,
} from '../../protocols/inference/index.ts'
import type { Link, Network } from '../network/network.ts'
import { InferenceLink } from './inference-link.ts'
import type { LentUplink } from './lending.ts'

export interface SlotListener {
  onMessage(message: InferenceMessage): void
  /** The link is over, or could not be opened. Called at most once, not after `close`. */
  onEnd(code: InferenceCode): void
}

export interface OutboundLinksComponents {
  readonly network: Pick<Network, 'self' | 'open'>
  readonly logger: Logger
  readonly uplink?: LentUplink | undefined
  /** Our end of a link to our own stage host. */
  openLocal(): Link
}

interface Channel {
  readonly slots: Map<number, SlotListener>
  readonly link: Promise<InferenceLink>
  next: number
}

/** One session's part of a link. */
export class Slot {
  readonly #channel: Channel
  readonly #number: number
  readonly #epoch: number
  /** The link once it is open: the hot path does not wait for a promise. */
  #link: InferenceLink | undefined

  constructor(channel: Channel, number: number, epoch: number) {
    this.#channel = channel
    this.#number = number
    this.#epoch = epoch
  }

  send(message: InferenceMessage): void {
    const envelope: Envelope = { slot: this.#number, epoch: this.#epoch, message }
    if (this.#link !== undefined) {
      this.#link.send(envelope)
      return
    }
    void this.#channel.link.then(
      (link) => {
        // What was sent before the link opened goes first: promises keep their order.
        link.send(envelope)
        this.#link = link
      },
      () => undefined,
    )
  }

  /** Nothing more is heard of this slot. */
  close(): void {
    this.#channel.slots.delete(this.#number)
  }
}

export class OutboundLinks {
  readonly #components: OutboundLinksComponents
  readonly #channels = new Map<PeerId, Channel>()

  constructor(components: OutboundLinksComponents) {
    this.#components = components
  }

  /**
   * Opens the link to `peer` when there is none, so that whoever opens a slot later need not wait for
   * it. When that fails the next slot tries again.
   */
  prepare(peer: PeerId): void {
    if (!this.#channels.has(peer)) this.#openChannel(peer)
  }

  /** A new slot on the link to `peer`, which is opened when there is none. */
  openSlot(peer: PeerId, epoch: number, listener: SlotListener): Slot {
    const channel = this.#channels.get(peer) ?? this.#openChannel(peer)
    const number = channel.next++
    channel.slots.set(number, listener)
    return new Slot(channel, number, epoch)
  }

  /** Ends all links. */
  async stop(): Promise<void> {
    const channels = [...this.#channels.values()]
    this.#channels.clear()
    await Promise.allSettled(
      channels.map(async (channel) => {
        const link = await channel.link
        await link.close()
      }),
    )
  }

  #openChannel(peer: PeerId): Channel {
    const slots = new Map<number, SlotListener>()
    const channel: Channel = { slots, next: 1, link: this.#connect(peer, slots) }
    this.#channels.set(peer, channel)
    channel.link.catch((error: unknown) => {
      this.#components.logger.debug('inference link failed', { peer, error })
      this.#end(peer, slots, 'INFERENCE_LINK_LOST')
    })
    return channel
  }

  async #connect(peer: PeerId, slots: Map<number, SlotListener>): Promise<InferenceLink> {
    const { network } = this.#components
    const link =
      peer === network.self
        ? this.#components.openLocal()
        : await network.open(peer, INFERENCE_PROTOCOL, { frameBytesMax: FRAME_BYTES_MAX })
    return new InferenceLink(
      link,
      {
        onEnvelope: ({ slot, message }) => slots.get(slot)?.onMessage(message),
        onEnd: (_link, code) => this.#end(peer, slots, code),
      },
      // To itself nothing leaves the device.
      peer === network.self ? undefined : this.#components.uplink,
    )
  }

  #end(peer: PeerId, slots: Map<number, SlotListener>, code: InferenceCode): void {
    if (this.#channels.get(peer)?.slots === slots) this.#channels.delete(peer)
    const listeners = [...slots.values()]
    slots.clear()
    for (const listener of listeners) listener.onEnd(code)
  }
}
