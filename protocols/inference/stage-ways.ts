/**
 * The ways of one stage of a session: on which link its steps come, and to whom its outputs go.
 *
 *     the stage before ── step ──▶ this one ── step ──▶ the next, and its successor while that is fed
 *     the last stage ── output ──▶ the requester, and ── what was drawn ──▶ the first stage
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { FaultCode } from './faults.ts'
import type { Journal } from './journal.ts'
import { ROUTES_MAX } from './limits.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { AttachRecord, OpenRecord, RouteShadow, RouteStage } from './records.ts'
import { reply, fault, unreached } from './stage-replies.ts'
import type { StageInput, StageOutput } from './stage-types.ts'
import { drawnAlone } from './text-rows.ts'

interface Attachment {
  readonly peer: PeerId
  readonly link: number
  readonly epoch: number
  readonly lossy: boolean
}

export class StageWays {
  readonly #open: OpenRecord
  readonly #journal: Journal
  #route: readonly RouteStage[]
  #serving = false
  #attached: Attachment | undefined
  /** Holder of the stage before from whom nothing is taken any more. */
  #forsaken: number | undefined
  #connectedTo: RouteStage | undefined
  #shadow: RouteStage | undefined
  /** Stages that need nothing of what was released: see the route. */
  #fed = 0
  #routes = 0

  constructor(open: OpenRecord, journal: Journal) {
    this.#open = open
    this.#journal = journal
    this.#route = open.route
  }

  /** True at the stage whose outputs go to the requester. */
  get isLast(): boolean {
    return this.#stage === this.#route.length - 1
  }

  /** The link that the stage before attached. */
  get link(): number | undefined {
    return this.#attached?.link
  }

  get #stage(): number {
    return this.#open.stage
  }

  get #isText(): boolean {
    return this.#open.text !== undefined
  }

  /** True when what is drawn closes a ring. */
  get #isRing(): boolean {
    return this.#open.text?.gives === 'tokens' && this.#route.length > 1
  }

  /** Whom this stage has a way to: the next stage, or the first one where a ring is closed. */
  get #next(): RouteStage | undefined {
    return this.#route[this.#stage + 1] ?? (this.#isRing ? this.#route[0] : undefined)
  }

  get #before(): number {
    return this.#stage === 0 && this.#isRing ? this.#route.length - 1 : this.#stage - 1
  }

  get #own(): RouteStage | undefined {
    return this.#open.route[this.#stage]
  }

  /** The stage is loaded. */
  serve(): readonly StageOutput[] | FaultCode {
    this.#serving = true
    // Nobody knows a successor before the requester announces it: its attach might wait too long.
    return this.#own?.epoch === 0 ? this.#connectNext() : []
  }

  /** Who holds what is told anew; a code when this stage is of no use any more. */
  reroute(message: InferenceMessage & { type: 'route' }): readonly StageOutput[] | FaultCode {
    const { route, fed, shadow } = message
    const own = route[this.#stage]
    if (route.length !== this.#route.length || own === undefined || !same(own, this.#own)) return []
    this.#route = route
    this.#fed = fed
    if (++this.#routes > ROUTES_MAX) return 'INFERENCE_OVERLOADED'
    const next = this.#next
    if (!this.#serving || next === undefined) return []
    const connected = this.#connectedTo !== undefined && same(next, this.#connectedTo)
    const way = connected ? [] : this.#connectNext()
    if (typeof way === 'string') return way
    return shadow?.stage === this.#stage + 1 ? [...way, ...this.#connectShadow(shadow)] : way
  }

  /** Attaches to the next stage and replays what it may not have seen. */
  #connectNext(): readonly StageOutput[] | FaultCode {
    const next = this.#next
    this.#connectedTo = next
    if (next === undefined) return []
    const shadow = this.#shadow
    this.#shadow = undefined
    // It has been fed all along.
    if (shadow !== undefined && same(next, shadow)) return [{ type: 'promote-shadow' }]
    const replay = this.isLast ? this.#recent() : this.#replay()
    if (typeof replay === 'string') return replay
    return [{ type: 'connect-next', to: next, attach: this.#attach }, ...replay]
  }

  /** Feeds a successor of the next stage what it lacks, and from now on all that comes. */
  #connectShadow({ peer, epoch, from }: RouteShadow): readonly StageOutput[] {
    const to = { peer, epoch }
    const known = this.#shadow !== undefined && same(to, this.#shadow)
    if (!this.#isText || known) return []
    this.#shadow = to
    const steps = this.#journal.messages.filter(({ request }) => request >= from)
    return [
      { type: 'connect-shadow', to, attach: this.#attach },
      ...steps.map((message) => forward('shadow', message)),
    ]
  }

  get #attach(): AttachRecord {
    const { session, stage } = this.#open
    const to = (stage + 1) % this.#route.length
    return { version: 1, session, stage, to, epoch: this.#own?.epoch ?? 0 }
  }

  /** True when the next stage needs nothing of what was released. */
  get #nextIsFed(): boolean {
    return ((this.#fed >> (this.#stage + 1)) & 1) === 1
  }

  #replay(): readonly StageOutput[] | FaultCode {
    const { messages, missing, released } = this.#journal
    // A text with a hole cannot be rebuilt from here: this stage has to be rebuilt itself.
    if (this.#isText && missing.length > 0) return 'INFERENCE_JOURNAL_MISSING'
    const faults = missing.map((request) => fault('INFERENCE_JOURNAL_MISSING', request))
    const missed = this.#nextIsFed
      ? messages.filter(({ request }) => request >= released)
      : messages
    return [...missed.flatMap((message) => this.send(message)), ...faults]
  }

  /**
   * What a new first stage may lack of what was drawn. What the requester has it sends as steps; the
   * ring may have gone on since, by steps of the first stage before.
   */
  #recent(): readonly StageOutput[] {
    const { messages, released } = this.#journal
    return messages.flatMap((message) => (message.request < released ? [] : this.#home(message)))
  }

  attach({ from, link, record, lossy = false }: StageInput & { type: 'attach' }): void {
    if (this.expects(from, record)) {
      this.#attached = { peer: from, link, epoch: record.epoch, lossy }
    }
  }

  /** True when an attach by this peer, stage and epoch is what the route says now. */
  expects(from: PeerId, record: AttachRecord): boolean {
    const before = this.#route[this.#before]
    if (record.epoch === this.#forsaken || record.to !== this.#stage) return false
    return record.stage === this.#before && before?.peer === from && before.epoch === record.epoch
  }

  /** Since which epoch the stage before is held by whoever attached; undefined when nobody has. */
  get beforeEpoch(): number | undefined {
    return this.#attached?.epoch
  }

  /** True when not all that came on the way from the stage before was kept. */
  get isLossy(): boolean {
    return this.#attached?.lossy === true
  }

  /** Takes nothing any more from the holder of the stage before of this epoch. */
  forsake(epoch: number): void {
    this.#forsaken = epoch
    if (this.#attached?.epoch === epoch) this.#attached = undefined
  }

  /** Hands an output on to whoever lacks it. */
  pass(message: TensorMessage): readonly StageOutput[] {
    const known = message.request < this.#journal.released
    const sent = known && (this.isLast || this.#nextIsFed) ? [] : this.send(message)
    return this.#shadow === undefined ? sent : [...sent, forward('shadow', message)]
  }

  /** Hands an output on, whoever had it before. */
  send(message: TensorMessage): readonly StageOutput[] {
    return this.isLast
      ? [...this.#home(message), reply({ type: 'output', ...message })]
      : [forward('next', message)]
  }

  /** What was drawn, for the first stage; it goes ahead of the requester's, since the ring waits. */
  #home({ request, tensors, leaf }: TensorMessage): readonly StageOutput[] {
    const drawn = this.#connectedTo === undefined ? undefined : drawnAlone(tensors)
    if (drawn === undefined) return []
    const message = { type: 'output', request, hops: [], tensors: [drawn], leaf } as const
    return [{ type: 'forward', to: 'next', message }]
  }

  /** The way to the holder of an epoch broke. */
  lost(epoch: number): readonly StageOutput[] {
    // A late word about a next stage that has been replaced since says nothing new.
    if (this.#next?.epoch !== epoch) return []
    return [unreached(epoch)]
  }
}

function same(a: RouteStage, b: RouteStage | undefined): boolean {
  return a.peer === b?.peer && a.epoch === b.epoch
}

function forward(to: 'next' | 'shadow', message: TensorMessage): StageOutput {
  return { type: 'forward', to, message: { type: 'step', ...message } }
}
