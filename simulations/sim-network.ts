/**
 * Links between simulated devices: ordered, delayed, and broken on demand, all from one seed.
 *
 * As with TCP, what was sent either arrives in order or is lost together with the link, and each end
 * notices the loss in its own time.
 *
 * @module
 */

import type { SeededRandom } from '../core/random.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimDevice } from './sim-device.ts'

/** What one end of a link hears. */
export interface SimLinkListener<Message> {
  onMessage(message: Message): void
  /** At most once. */
  onEnd(): void
}

/** How messages of one direction of one link travel: as they are, or as bytes. */
export interface SimCodec<Message> {
  encode(message: Message): unknown
  decode(travelling: unknown): Message
}

/** Times are drawn evenly from [min, max], in milliseconds. */
export interface SimNetworkInit<Message> {
  readonly delayMsMin: number
  readonly delayMsMax: number
  /** From the break of a link until an end notices. */
  readonly noticeMsMax: number
  codec(): SimCodec<Message>
  /** True for messages that go ahead of others. */
  urgent(message: Message): boolean
}

/** One end of a link. */
export interface SimLinkEnd<Message> {
  send(message: Message): void
  /** The device at the other end. */
  readonly other: SimDevice
}

interface Side<Message> {
  readonly device: SimDevice
  readonly codec: SimCodec<Message>
  listener: SimLinkListener<Message> | undefined
  /** When the last message to this side arrives. */
  lastMs: number
  lastUrgentMs: number
  ended: boolean
}

class SimLink<Message> {
  readonly opener: Side<Message>
  readonly server: Side<Message>
  /** Nothing that is sent from now on arrives. */
  broken = false
  /** Nothing that is under way arrives either. */
  deaf = false

  constructor(opener: Side<Message>, server: Side<Message>) {
    this.opener = opener
    this.server = server
  }

  joins(a: SimDevice, b: SimDevice): boolean {
    const { opener, server } = this
    return (
      (opener.device === a && server.device === b) || (opener.device === b && server.device === a)
    )
  }
}

/** All links of a simulation. */
export class SimNetwork<Message> {
  readonly #clock: SimClock
  readonly #random: SeededRandom
  readonly #init: SimNetworkInit<Message>
  readonly #links = new Set<SimLink<Message>>()
  readonly #cuts = new Map<string, number>()
  readonly #servers = new Map<SimDevice, (end: SimLinkEnd<Message>) => SimLinkListener<Message>>()

  constructor(clock: SimClock, random: SeededRandom, init: SimNetworkInit<Message>) {
    this.#clock = clock
    this.#random = random
    this.#init = init
  }

  /** What `device` does with links that others open to it. */
  serve(device: SimDevice, accept: (end: SimLinkEnd<Message>) => SimLinkListener<Message>): void {
    this.#servers.set(device, accept)
  }

  /** Opens a link. What is sent before it stands waits; when it cannot, the listener hears of its end. */
  open(from: SimDevice, to: SimDevice, listener: SimLinkListener<Message>): SimLinkEnd<Message> {
    const opener = this.#side(from, listener)
    const server = this.#side(to, undefined)
    const link = new SimLink(opener, server)
    this.#links.add(link)
    const dialMs = this.#delayMs()
    server.lastMs = server.lastUrgentMs = this.#clock.nowMs + dialMs
    this.#clock.after(dialMs, 'arrival', to.number, () => this.#accept(link))
    return { other: to, send: (message) => this.#send(link, opener, server, message) }
  }

  /**
   * The device is gone. `loud`: its system ends its links, so that others notice soon; `flushed`: what
   * it had sent still arrives. A power cut is neither, and is noticed by whoever counts heartbeats.
   */
  kill(device: SimDevice, how: { readonly loud: boolean; readonly flushed: boolean }): void {
    device.die()
    for (const link of this.#links) {
      if (link.opener.device !== device && link.server.device !== device) continue
      if (how.loud) this.#break(link, how.flushed)
      else link.broken = link.deaf = true
    }
  }

  /** Between two devices nothing goes any more, until as many heals came as cuts. */
  cut(a: SimDevice, b: SimDevice): void {
    const key = pairOf(a, b)
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1)
    for (const link of this.#links) if (link.joins(a, b)) this.#break(link, false)
  }

  heal(a: SimDevice, b: SimDevice): void {
    const key = pairOf(a, b)
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) - 1)
  }

  #side(device: SimDevice, listener: SimLinkListener<Message> | undefined): Side<Message> {
    const codec = this.#init.codec()
    return { device, codec, listener, lastMs: 0, lastUrgentMs: 0, ended: false }
  }

  #delayMs(): number {
    const { delayMsMin, delayMsMax } = this.#init
    return delayMsMin + this.#random.fraction() * (delayMsMax - delayMsMin)
  }

  #accept(link: SimLink<Message>): void {
    const { opener, server } = link
    if (link.broken) return
    const accept = this.#servers.get(server.device)
    const cut = (this.#cuts.get(pairOf(opener.device, server.device)) ?? 0) > 0
    if (cut || accept === undefined || !server.device.alive) {
      this.#break(link, false)
      return
    }
    server.device.act(() => {
      server.listener = accept({
        other: opener.device,
        send: (message) => this.#send(link, server, opener, message),
      })
    })
  }

  #send(link: SimLink<Message>, from: Side<Message>, to: Side<Message>, message: Message): void {
    if (link.broken || from.ended) return
    const urgent = this.#init.urgent(message)
    const soonestMs = this.#clock.nowMs + this.#delayMs()
    const atMs = Math.max(soonestMs, urgent ? to.lastUrgentMs : to.lastMs)
    if (urgent) to.lastUrgentMs = atMs
    else to.lastMs = atMs
    const travelling = from.codec.encode(message)
    this.#clock.after(atMs - this.#clock.nowMs, 'arrival', to.device.number, () => {
      if (link.deaf) return
      const arrived = from.codec.decode(travelling)
      to.device.act(() => {
        if (!to.ended) to.listener?.onMessage(arrived)
      })
    })
  }

  #break(link: SimLink<Message>, flushed: boolean): void {
    if (link.broken) return
    link.broken = true
    link.deaf = !flushed
    this.#links.delete(link)
    for (const side of [link.opener, link.server]) {
      const noticeMs = this.#random.fraction() * this.#init.noticeMsMax
      const flushedMs = flushed ? Math.max(side.lastMs, side.lastUrgentMs) - this.#clock.nowMs : 0
      side.device.after(Math.max(noticeMs, flushedMs), 'end', () => {
        side.ended = true
        side.listener?.onEnd()
      })
    }
  }
}

function pairOf(a: SimDevice, b: SimDevice): string {
  return a.number < b.number ? `${a.number}-${b.number}` : `${b.number}-${a.number}`
}
