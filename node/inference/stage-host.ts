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
  openBytes,
  LINKS_PER_PEER_MAX,
  MESSAGE_BYTES_MAX,
  SESSIONS_PER_LINK_MAX,
  type AttachRecord,
  type Envelope,
  type FaultCode,
  type InferenceMessage,
  type OpenRecord,
  type StageTape,
  type TensorMessage,
} from '../../protocols/inference/index.ts'
import type { HostedStageFacts } from '../receipts/deliveries.ts'
import type { Link, ProtocolInit } from '../network/network.ts'
import { roomyHeap } from '../system/roomy-heap.ts'
import { ByteBudget } from './byte-budget.ts'
import { HostedStage, resourceOf, type StageWork } from './hosted-stage.ts'
import { InferenceLink } from './inference-link.ts'
import type { Lending } from './lending.ts'
import { localLinkPair } from './local-link.ts'
import type { OutboundLinks } from './outbound-links.ts'
import { PrefixStore, type PrefixStoreInit } from './prefix-store.ts'
import { isSensible } from './sensible-open.ts'
import type { StagePaces } from './stage-paces.ts'
import type { LentResource, StagePool } from './stage-pool.ts'
import { OWN_PART, PEER_PART, TextAdmission, textShares } from './text-admission.ts'

export interface StageHostComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly signer: Signer
  readonly sha256: Sha256
  readonly pool: StagePool
  /** What is lent to others; everything when absent. */
  readonly lending?: Lending
  /** Whether the roles of `requester` and of this device let it open stages here. */
  mayOpen(requester: PeerId): boolean
  /** A stage was opened for another device: who keeps the account of it. */
  hosted(facts: HostedStageFacts): StageWork | undefined
  /** The same: who keeps what goes through it, for whoever runs it again. */
  tape(open: OpenRecord, requester: PeerId): StageTape | undefined
  /** Learns what rows take here. */
  readonly paces?: StagePaces
  /** Asked for late: the outbound links need the host for links to this device itself. */
  outbound(): OutboundLinks
}

export interface StageHostInit {
  /** Bytes of outputs that the journal of a session may hold when no other is open. */
  readonly journalBytesMax: number
  /** Bytes of keys, values and journals that all texts together may have here. */
  readonly textBytesMax: number
  /** What of that may be texts that have ended, and whether one requester's are of use to all. */
  readonly prefixes: PrefixStoreInit
  /** Stages that all sessions together may have open here. */
  readonly stagesMax: number
}

/** Peers whose tensors may wait here with all that one may have waiting. */
const SHARES = 4

/** Numbers of texts before they start again; one is left for self-tests. */
const TEXT_SLOTS = 0xffff_ffff

/** Steps that one attachment may bring before its route: what a text replays may be many short ones. */
const STEPS_HELD_MAX = 8_192

/** Time that a stage has to move once the owner is back, in ms; it may be frozen meanwhile. */
const RECALL_MS = 30_000

/** What comes on a way that a stage attached: steps, what was drawn, or a copy of what the stage before it had. */
type Arrival = InferenceMessage & { readonly type: 'step' | 'output' | 'cache' }

/** A slot of an inbound link: the requester's own, or the way from the stage before. */
type Inbound = { readonly type: 'control'; readonly stage: HostedStage } | Attached

interface Attached {
  readonly type: 'attached'
  readonly record: AttachRecord
  readonly answer: (message: InferenceMessage) => void
  readonly link: number
  readonly sinceMs: number
  stage: HostedStage | undefined
  readonly held: Arrival[]
  /** True once something was not held for want of room. */
  lossy: boolean
}

export class StageHost {
  readonly #components: StageHostComponents
  readonly #init: StageHostInit
  readonly #links = new Map<InferenceLink, Map<number, Inbound>>()
  readonly #stages = new Set<HostedStage>()
  /** Tensors of others that wait: for a route, or for an executor. */
  readonly #waiting: ByteBudget
  /** What texts left here. */
  readonly #prefixes: PrefixStore
  /** Room for keys, values and journals of all texts, those that ended included. */
  readonly #admission: TextAdmission
  readonly #listeners = new Set<() => void>()
  #slots = 0
  #attachments = 0
  #stopping = false

  constructor(components: StageHostComponents, init: StageHostInit) {
    this.#components = components
    this.#init = init
    const bytesPerPeerMax = init.journalBytesMax
    // One message has room, however little is given to all.
    const waitingMax = Math.max(SHARES * bytesPerPeerMax, MESSAGE_BYTES_MAX)
    this.#waiting = new ByteBudget({ bytesMax: waitingMax, bytesPerPeerMax })
    const texts = textShares(init.textBytesMax, components.signer.peer)
    const { bytesMax, shared } = init.prefixes
    this.#prefixes = new PrefixStore(
      { bytesMax: Math.min(bytesMax, texts.bytesPerPeerMax), shared },
      new ByteBudget(texts),
    )
    this.#admission = new TextAdmission(this.#prefixes, texts, () => this.#tellStages())
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

  /** Memory that texts of this device, and of others, may still come to here, in bytes. */
  get freeTextBytes(): { readonly own: number; readonly others: number } {
    const { freeBytes: own, freeForOthersBytes: others } = this.#admission
    return { own, others }
  }

  /** Calls back each time that a stage has come or gone, or a text that waited for memory. */
  onStages(listener: () => void): void {
    this.#listeners.add(listener)
  }

  #tellStages(): void {
    for (const listener of this.#listeners) listener()
  }

  /** A number for a text in an executor that no other text of this device has. */
  takeSlot(): number {
    return this.#slots++ % TEXT_SLOTS
  }

  /** Bytes of others' tensors that wait here now. */
  get waitingBytes(): number {
    return this.#waiting.bytes
  }

  accept(link: Link): void {
    const { lending, signer } = this.#components
    const inbound = new InferenceLink(
      link,
      {
        onEnvelope: (envelope, from) => this.#onEnvelope(envelope, from),
        onEnd: (from) => this.#onLinkEnd(from),
      },
      link.peer === signer.peer ? undefined : lending?.uplink,
    )
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

  /** Tells every other device that has a stage here on `resource` to move it. */
  recall(resource: LentResource, reason: string): void {
    for (const stage of this.#stages) {
      if (!stage.lent || stage.resource !== resource) continue
      stage.feed({ type: 'leave', reason, graceMs: RECALL_MS })
    }
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
    if (inbound?.type === 'attached' && message.type === 'close') {
      this.#forget(slots, slot, link.peer)
      return
    }
    if (inbound !== undefined) this.#onKnown(inbound, message, link.peer)
    else if (message.type === 'open') this.#open(slots, { slot, epoch, message }, link)
    else if (message.type === 'attach') {
      const answer = (said: InferenceMessage): void => link.send({ slot, epoch, message: said })
      this.#attach(slots, slot, { record: message.record, answer }, link.peer)
    }
    // A slot that is not known any more belongs to a session that ended: late words say nothing.
  }

  #onKnown(inbound: Inbound, message: InferenceMessage, peer: PeerId): void {
    if (inbound.type === 'control') {
      inbound.stage.feed({ type: 'control', message })
      this.#settle(inbound.stage)
      return
    }
    if (message.type !== 'step' && message.type !== 'output' && message.type !== 'cache') return
    if (inbound.stage !== undefined) bring(inbound.stage, inbound, message)
    else this.#hold(inbound, message, peer)
  }

  /** Steps that overtook the route which explains them. One that is dropped is replayed later. */
  #hold(inbound: Attached, step: Arrival, peer: PeerId): void {
    const bytes = tensorsBytes(step.tensors)
    const full = inbound.held.length >= STEPS_HELD_MAX || !this.#waiting.take(peer, bytes)
    if (full) {
      inbound.lossy = true
      this.#components.logger.warn('steps before their route were dropped', { peer })
      return
    }
    inbound.held.push(step)
  }

  #open(
    slots: Map<number, Inbound>,
    { slot, epoch, message }: Envelope,
    link: InferenceLink,
  ): void {
    if (message.type !== 'open') return
    const { record } = message
    const reply = (answer: InferenceMessage): void => link.send({ slot, epoch, message: answer })
    const code = this.#refusal(record, link.peer, slots)
    if (code !== undefined) {
      const fault = { code, request: undefined, nextEpoch: undefined, beforeEpoch: undefined }
      reply({ type: 'fault', record: fault })
      return
    }
    const { clock, logger, signer, sha256, pool } = this.#components
    const requester = link.peer
    const outbound = this.#components.outbound()
    const rest = roomyHeap()
    const stage: HostedStage = new HostedStage(
      {
        clock,
        logger,
        signer,
        sha256,
        pool,
        outbound,
        reply,
        admission: this.#admission,
        prefixes: this.#prefixes,
        paces: this.#components.paces,
        waiting: requester === signer.peer ? undefined : this.#waiting,
        lending: requester === signer.peer ? undefined : this.#components.lending,
        work: this.#workOf(record, requester, () => stage),
        tape: requester === signer.peer ? undefined : this.#components.tape(record, requester),
        onEnd: () => {
          slots.delete(slot)
          this.#stages.delete(stage)
          rest()
          this.#tellStages()
        },
      },
      {
        open: record,
        requester,
        lent: requester !== signer.peer,
        // What a text may keep is set aside when its stage is known.
        journalBytesMax: record.text === undefined ? this.#journalShare() : this.#init.textBytesMax,
        slot: this.takeSlot(),
      },
    )
    slots.set(slot, { type: 'control', stage })
    this.#stages.add(stage)
    this.#tellStages()
    stage.start()
    this.#settle(stage)
  }

  /** The account of a stage; of its own stages this device keeps none. */
  #workOf(record: OpenRecord, requester: PeerId, stage: () => HostedStage): StageWork | undefined {
    const { signer, sha256 } = this.#components
    if (requester === signer.peer) return undefined
    return this.#components.hosted({
      requester,
      spec: sha256(openBytes(record)),
      outputSoFar: () => stage().outputRoot(),
      onUnsettled: () => stage().feed({ type: 'unsettled' }),
    })
  }

  /** The n-th stage gets an n-th: 64 of them together less than five times what one alone has. */
  #journalShare(): number {
    return Math.floor(this.#init.journalBytesMax / (this.#stages.size + 1))
  }

  /** Why `requester` gets no stage; undefined when it does. */
  #refusal(
    record: OpenRecord,
    requester: PeerId,
    slots: ReadonlyMap<number, Inbound>,
  ): FaultCode | undefined {
    const { peer: self } = this.#components.signer
    if (!this.#components.mayOpen(requester)) return 'INFERENCE_NOT_ALLOWED'
    if (this.#isFull(requester === self ? undefined : requester)) return 'INFERENCE_OVERLOADED'
    if (slots.size >= SESSIONS_PER_LINK_MAX) return 'INFERENCE_OVERLOADED'
    const { lending } = this.#components
    const taken = requester === self || lending?.takesNew[resourceOf(record.provider)] !== false
    if (!taken) return 'INFERENCE_OPEN_REFUSED'
    return this.#stopping || !isSensible(record, self) ? 'INFERENCE_OPEN_REFUSED' : undefined
  }

  /** The owner's own work finds room even when others ask for all they can. */
  #isFull(other: PeerId | undefined): boolean {
    const { stagesMax } = this.#init
    if (other === undefined) return this.#stages.size >= stagesMax
    const { peer: self } = this.#components.signer
    const others = [...this.#stages].filter(({ requester }) => requester !== self)
    const its = others.filter(({ requester }) => requester === other)
    const full = this.#stages.size >= stagesMax || its.length >= Math.ceil(stagesMax * PEER_PART)
    return full || others.length >= stagesMax - Math.floor(stagesMax * OWN_PART)
  }

  #attach(
    slots: Map<number, Inbound>,
    slot: number,
    way: Pick<Attached, 'record' | 'answer'>,
    peer: PeerId,
  ): void {
    const sinceMs = this.#components.clock.monotonicMs()
    this.#dropStale(slots, sinceMs, peer)
    if (slots.size >= SESSIONS_PER_LINK_MAX) return
    const number = ++this.#attachments
    slots.set(slot, {
      type: 'attached',
      ...way,
      link: number,
      sinceMs,
      stage: undefined,
      held: [],
      lossy: false,
    })
    for (const stage of this.#stages) this.#settle(stage)
  }

  /** Gives `stage` the attachments that its route explains, with the steps that came early. */
  #settle(stage: HostedStage): void {
    for (const [link, slots] of this.#links) {
      for (const inbound of slots.values()) {
        if (inbound.type !== 'attached' || inbound.stage !== undefined) continue
        const { record } = inbound
        const same = record.session === stage.open.session
        if (!same || !stage.expects(link.peer, record)) continue
        inbound.stage = stage
        if (isCopy(stage, inbound)) stage.takeCopy(inbound.answer)
        const { link: number, lossy } = inbound
        stage.feed({ type: 'attach', from: link.peer, link: number, record, lossy })
        for (const step of this.#letGo(inbound, link.peer)) bring(stage, inbound, step)
      }
    }
  }

  /** The steps that were held for `inbound`, which are held no more. */
  #letGo(inbound: Attached, peer: PeerId): readonly Arrival[] {
    const held = inbound.held.splice(0)
    for (const { tensors } of held) this.#waiting.give(peer, tensorsBytes(tensors))
    return held
  }

  #forget(slots: Map<number, Inbound>, slot: number, peer: PeerId): void {
    const inbound = slots.get(slot)
    if (inbound?.type === 'attached') this.#letGo(inbound, peer)
    slots.delete(slot)
  }

  #dropStale(slots: Map<number, Inbound>, nowMs: number, peer: PeerId): void {
    for (const [slot, inbound] of slots) {
      if (inbound.type !== 'attached') continue
      const ended = inbound.stage !== undefined && !this.#stages.has(inbound.stage)
      const unexplained =
        inbound.stage === undefined && nowMs - inbound.sinceMs > ATTACH_WAIT_MS_MAX
      if (ended || unexplained) this.#forget(slots, slot, peer)
    }
  }

  #onLinkEnd(link: InferenceLink): void {
    const slots = this.#links.get(link)
    this.#links.delete(link)
    for (const inbound of slots?.values() ?? []) {
      if (inbound.type === 'control') inbound.stage.feed({ type: 'requester-lost' })
      else this.#letGo(inbound, link.peer)
    }
  }
}

/** True on the way of the holder before, which brings a copy. */
function isCopy({ open }: HostedStage, { record }: Attached): boolean {
  return record.stage === open.stage
}

/** Hands a stage what came on a way to it. */
function bring(stage: HostedStage, way: Attached, message: Arrival): void {
  const { link } = way
  if (message.type === 'step') stage.feed({ type: 'step', link, step: message })
  else if (message.type === 'cache') stage.feed({ type: 'cache', link, message })
  else if (isCopy(stage, way)) stage.keep(link, message)
  else stage.feed({ type: 'drawn', link, drawn: message })
}

function tensorsBytes(tensors: TensorMessage['tensors']): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0)
}
