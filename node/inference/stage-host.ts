/**
 * Serves /brume/inference/1: stages that other devices, or this one, asked for.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Sha256, Signer } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  ATTACH_WAIT_MS_MAX,
  FRAME_BYTES_MAX,
  INFERENCE_PROTOCOL,
  IN_FLIGHT_MAX,
  LINKS_PER_PEER_MAX,
  SESSIONS_PER_LINK_MAX,
  type AttachRecord,
  type Envelope,
  type InferenceMessage,
  type OpenRecord,
  type TensorMessage,
} from '../../protocols/inference/index.ts'
import type { Link, ProtocolInit } from '../network/network.ts'
import { HostedStage } from './hosted-stage.ts'
import { InferenceLink } from './inference-link.ts'
import { localLinkPair } from './local-link.ts'
import type { OutboundLinks } from './outbound-links.ts'
import type { StagePool } from './stage-pool.ts'

export interface StageHostComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signer: Signer
  readonly sha256: Sha256
  readonly pool: StagePool
  /** Asked for late: the outbound links need the host for links to this device itself. */
  outbound(): OutboundLinks
}

export interface StageHostInit {
  /** Bytes of outputs that the journal of one session may hold. */
  readonly journalBytesMax: number
  /** Stages that all sessions together may have open here. */
  readonly stagesMax: number
}

/** A slot of an inbound link: the requester's own, or the way from the stage before. */
type Inbound =
  | { readonly type: 'control'; readonly stage: HostedStage }
  | {
      readonly type: 'attached'
      readonly record: AttachRecord
      readonly link: number
      readonly sinceMs: number
      stage: HostedStage | undefined
      readonly held: TensorMessage[]
      heldBytes: number
    }

export class StageHost {
  readonly #components: StageHostComponents
  readonly #init: StageHostInit
  readonly #links = new Map<InferenceLink, Map<number, Inbound>>()
  readonly #stages = new Set<HostedStage>()
  #attachments = 0
  #stopping = false

  constructor(components: StageHostComponents, init: StageHostInit) {
    this.#components = components
    this.#init = init
  }

  /** What the network is to serve. */
  get protocol(): ProtocolInit {
    return {
      id: INFERENCE_PROTOCOL,
      frameBytesMax: FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.accept(link),
    }
  }

  /** Stages that serve sessions now. */
  get stages(): readonly HostedStage[] {
    return [...this.#stages]
  }

  accept(link: Link): void {
    const inbound = new InferenceLink(link, {
      onEnvelope: (envelope, from) => this.#onEnvelope(envelope, from),
      onEnd: (from) => this.#onLinkEnd(from),
    })
    this.#links.set(inbound, new Map())
  }

  /** The other end of a link from this device to itself. */
  openLocal(): Link {
    const [ours, theirs] = localLinkPair(this.#components.signer.peer)
    this.accept(theirs)
    return ours
  }

  /** Tells every requester that its stage has to move, and takes no new one. */
  leave(reason: string, graceMs: number): void {
    this.#stopping = true
    for (const stage of this.#stages) stage.feed({ type: 'leave', reason, graceMs })
  }

  stop(): void {
    this.#stopping = true
    for (const stage of this.#stages) stage.feed({ type: 'requester-lost' })
    for (const link of this.#links.keys()) link.abort()
  }

  #onEnvelope({ slot, epoch, message }: Envelope, link: InferenceLink): void {
    const slots = this.#links.get(link)
    if (slots === undefined) return
    const inbound = slots.get(slot)
    if (inbound?.type === 'attached' && message.type === 'close') slots.delete(slot)
    else if (inbound !== undefined) this.#onKnown(inbound, message, link.peer)
    else if (message.type === 'open') this.#open(slots, { slot, epoch, message }, link)
    else if (message.type === 'attach') this.#attach(slots, slot, message.record)
    // A slot that is not known any more belongs to a session that ended: late words say nothing.
  }

  #onKnown(inbound: Inbound, message: InferenceMessage, peer: PeerId): void {
    if (inbound.type === 'control') {
      inbound.stage.feed({ type: 'control', message })
      this.#settle(inbound.stage)
      return
    }
    if (message.type !== 'step') return
    if (inbound.stage !== undefined) {
      inbound.stage.feed({ type: 'step', link: inbound.link, step: message })
    } else this.#hold(inbound, message, peer)
  }

  /** Steps that overtook the route which explains them. One that is dropped is replayed later. */
  #hold(inbound: Inbound & { type: 'attached' }, step: TensorMessage, peer: PeerId): void {
    const bytes = step.tensors.reduce((sum, { data }) => sum + data.length, 0)
    const fits = inbound.heldBytes + bytes <= this.#init.journalBytesMax
    if (!fits || inbound.held.length >= IN_FLIGHT_MAX) {
      this.#components.logger.warn('steps before their route were dropped', { peer })
      return
    }
    inbound.held.push(step)
    inbound.heldBytes += bytes
  }

  #open(
    slots: Map<number, Inbound>,
    { slot, epoch, message }: Envelope,
    link: InferenceLink,
  ): void {
    if (message.type !== 'open') return
    const { record } = message
    const reply = (answer: InferenceMessage): void => link.send({ slot, epoch, message: answer })
    const full = this.#stages.size >= this.#init.stagesMax || slots.size >= SESSIONS_PER_LINK_MAX
    if (full || this.#stopping || !sensible(record, this.#components.signer.peer)) {
      const code = full ? 'INFERENCE_OVERLOADED' : 'INFERENCE_OPEN_REFUSED'
      reply({ type: 'fault', record: { code, request: undefined, nextEpoch: undefined } })
      return
    }
    const { clock, logger, signer, sha256, pool } = this.#components
    const outbound = this.#components.outbound()
    const stage: HostedStage = new HostedStage(
      {
        clock,
        logger,
        signer,
        sha256,
        pool,
        outbound,
        reply,
        onEnd: () => {
          slots.delete(slot)
          this.#stages.delete(stage)
        },
      },
      { open: record, requester: link.peer, journalBytesMax: this.#init.journalBytesMax },
    )
    slots.set(slot, { type: 'control', stage })
    this.#stages.add(stage)
    stage.start()
    this.#settle(stage)
  }

  #attach(slots: Map<number, Inbound>, slot: number, record: AttachRecord): void {
    const sinceMs = this.#components.clock.monotonicMs()
    this.#dropStale(slots, sinceMs)
    if (slots.size >= SESSIONS_PER_LINK_MAX) return
    const number = ++this.#attachments
    slots.set(slot, {
      type: 'attached',
      record,
      link: number,
      sinceMs,
      stage: undefined,
      held: [],
      heldBytes: 0,
    })
    for (const stage of this.#stages) this.#settle(stage)
  }

  /** Gives `stage` the attachments that its route explains, with the steps that came early. */
  #settle(stage: HostedStage): void {
    for (const [link, slots] of this.#links) {
      for (const inbound of slots.values()) {
        if (inbound.type !== 'attached' || inbound.stage !== undefined) continue
        const { record } = inbound
        const same = record.session === stage.open.session && record.stage + 1 === stage.open.stage
        if (!same || !stage.expects(link.peer, record)) continue
        inbound.stage = stage
        stage.feed({ type: 'attach', from: link.peer, link: inbound.link, record })
        inbound.heldBytes = 0
        for (const step of inbound.held.splice(0)) {
          stage.feed({ type: 'step', link: inbound.link, step })
        }
      }
    }
  }

  #dropStale(slots: Map<number, Inbound>, nowMs: number): void {
    for (const [slot, inbound] of slots) {
      if (inbound.type !== 'attached') continue
      const ended = inbound.stage !== undefined && !this.#stages.has(inbound.stage)
      const unexplained =
        inbound.stage === undefined && nowMs - inbound.sinceMs > ATTACH_WAIT_MS_MAX
      if (ended || unexplained) slots.delete(slot)
    }
  }

  #onLinkEnd(link: InferenceLink): void {
    const slots = this.#links.get(link)
    this.#links.delete(link)
    for (const inbound of slots?.values() ?? []) {
      if (inbound.type === 'control') inbound.stage.feed({ type: 'requester-lost' })
    }
  }
}

/** True when the record asks for something that can be: this device, at its place in the route, for some layers. */
function sensible(record: OpenRecord, self: PeerId): boolean {
  return (
    record.route[record.stage]?.peer === self &&
    // A model is known by the hash of its manifest.
    (record.manifest.id as string) === record.model &&
    record.fromLayer < record.toLayer &&
    record.inFlightMax >= 1
  )
}
