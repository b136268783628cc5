/**
 * The network of simulated sessions: envelopes of /brume/inference/1, as values or as real frames.
 *
 * @module
 */

import { crc32 } from 'node:zlib'
import type { PeerId } from '../core/ids.ts'
import type { SeededRandom } from '../core/random.ts'
import { concatBytes } from '../core/bytes.ts'
import {
  WireReader,
  WireWriter,
  type Envelope,
  type InferenceMessage,
} from '../protocols/inference/index.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice } from './sim-device.ts'
import { SimNetwork, type SimCodec, type SimLinkEnd } from './sim-network.ts'

const AS_THEY_ARE: SimCodec<Envelope> = {
  encode: (envelope) => envelope,
  decode: (travelling) => travelling as Envelope,
}

/** Links that carry `envelopes` as they are, or as the bytes that devices exchange. */
export function sessionNetwork(
  clock: SimClock,
  random: SeededRandom,
  init: { readonly delayMsMax: number; readonly bytes: boolean },
): SimNetwork<Envelope> {
  return new SimNetwork<Envelope>(clock, random, {
    delayMsMin: 0.2,
    delayMsMax: init.delayMsMax,
    noticeMsMax: 50,
    codec: () => (init.bytes ? byteCodec() : AS_THEY_ARE),
    // Signs of life go between the pieces of long messages; frames, once numbered, keep their order.
    urgent: ({ message }) => !init.bytes && (message.type === 'ping' || message.type === 'pong'),
  })
}

function byteCodec(): SimCodec<Envelope> {
  const writer = new WireWriter(crc32)
  const reader = new WireReader(crc32)
  return {
    encode: (envelope) => [...writer.frames(envelope)].map((chunks) => concatBytes(chunks)),
    decode: (travelling) => {
      for (const frame of travelling as readonly Uint8Array[]) {
        const read = reader.read(frame)
        if (read.type === 'message') return read.envelope
        if (read.type === 'fault') throw new Error(`a frame was refused: ${read.code}`)
      }
      throw new Error('frames end in the middle of a message')
    },
  }
}

/** Who hears what comes back on one slot. */
export interface SlotListener {
  onMessage(message: InferenceMessage): void
  /** At most once, and not after the slot was closed. */
  onEnd(): void
}

/** One session's part of a link. */
export interface SimSlot {
  send(message: InferenceMessage): void
  close(): void
}

interface Channel {
  readonly end: SimLinkEnd<Envelope>
  readonly slots: Map<number, SlotListener>
  next: number
}

/** The links that one device opened: one for each peer, shared by slot. */
export class SimOutbound {
  readonly #network: SimNetwork<Envelope>
  readonly #device: SimDevice
  readonly #deviceOf: (peer: PeerId) => SimDevice | undefined
  readonly #channels = new Map<PeerId, Channel>()

  constructor(
    network: SimNetwork<Envelope>,
    device: SimDevice,
    deviceOf: (peer: PeerId) => SimDevice | undefined,
  ) {
    this.#network = network
    this.#device = device
    this.#deviceOf = deviceOf
  }

  openSlot(peer: PeerId, epoch: number, listener: SlotListener): SimSlot {
    const channel = this.#channels.get(peer) ?? this.#openChannel(peer)
    const { end, slots } = channel
    const slot = channel.next++
    slots.set(slot, listener)
    return {
      send: (message) => end.send({ slot, epoch, message }),
      close: () => slots.delete(slot),
    }
  }

  #openChannel(peer: PeerId): Channel {
    const slots = new Map<number, SlotListener>()
    const other = this.#deviceOf(peer)
    if (other === undefined) throw new Error(`there is no device ${peer}`)
    const end = this.#network.open(this.#device, other, {
      onMessage: ({ slot, message }) => slots.get(slot)?.onMessage(message),
      onEnd: () => {
        this.#channels.delete(peer)
        for (const listener of slots.values()) listener.onEnd()
        slots.clear()
      },
    })
    const channel: Channel = { end, slots, next: 1 }
    this.#channels.set(peer, channel)
    return channel
  }
}
