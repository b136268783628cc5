/**
 * Writes one text: places the model, opens its session, turns draws into words.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { BlobRef } from '../../../models/index.ts'
import {
  embeddingOf,
  InferenceError,
  type GenerationInit,
  type GuideRecord,
  type ReadyRecord,
  type RequesterInit,
  type SamplingRecord,
} from '../../../protocols/inference/index.ts'
import { RequesterText, type TextDraw, type TextEvent } from '../../inference/requester-text.ts'
import { bytesOf, noteFirstRows, noteHops } from '../jobs/hop-notes.ts'
import type { KeptStage } from '../../api/schemas/kept-text.ts'
import type { SessionOrders } from '../../receipts/session-orders.ts'
import { type StageRecord, stageRecords } from '../jobs/job-record.ts'
import type { JobRunnerComponents, JobRunnerInit } from '../jobs/job-runner.ts'
import { planView } from '../jobs/plan-view.ts'
import type { LinkTable } from '../jobs/link-table.ts'
import type { Planned, Planner, StageRun } from '../jobs/planner.ts'
import { ReceiptCheck } from '../jobs/receipt-check.ts'
import { type LostStage, ReplacementSearch } from '../jobs/replacement-search.ts'
import type { PlanStage } from '../placement/plan.ts'
import type { Drafter } from './drafter.ts'
import { MemoryWaits } from './memory-waits.ts'
import { RingWay } from './ring-way.ts'
import { StageClasses } from './stage-classes.ts'
import { StagePace, testedTimes } from './stage-pace.ts'
import { Standbys, type StandbyWish } from './standbys.ts'
import { textHops } from './text-hops.ts'
import { textOrders } from './text-orders.ts'
import type { TextRecord } from './text-record.ts'
import { tokenScale } from './text-wish.ts'
import { textSession } from './text-session.ts'
import type { TextWords } from './text-words.ts'

/** What a job's runner uses, without a place for outputs: words go to who asked. */
export interface TextRunnerComponents extends Omit<JobRunnerComponents, 'outputs'> {
  readonly planner: ConstructorParameters<typeof ReplacementSearch>[0]['planner'] &
    Pick<Planner, 'classOf' | 'foresee' | 'leaveChance' | 'noteReady'>
}

export interface TextWork {
  readonly record: TextRecord
  readonly planned: Planned
  readonly manifest: BlobRef
  readonly provider: RequesterInit['open']['provider']
  readonly objective: 'latency' | 'throughput'
  readonly generation: GenerationInit
  readonly sampling: SamplingRecord
  readonly hashesLogits: boolean
  readonly guide: GuideRecord | undefined
  readonly gives: 'tokens' | 'embedding'
  /** Undefined when no tokens are guessed. */
  readonly drafter: Drafter | undefined
  readonly words: TextWords
  /** Hears of tokens that are part of the answer. */
  readonly said: (tokens: readonly number[]) => void
  /** Of a text that is taken up again, what its stages were. */
  readonly keptStages?: readonly KeptStage[] | undefined
  /** Hears what the stages are, once all have devices, and that they do not compute as those before. */
  readonly amend?: (change: { stages?: KeptStage[]; exact?: false }) => void
  /** Texts of this device that are under way now, this one included. */
  readonly streams: () => number
  readonly standby: StandbyWish
}

export class TextRunner {
  readonly #components: TextRunnerComponents
  readonly #init: JobRunnerInit
  readonly #work: TextWork
  readonly #text: RequesterText
  readonly #classes: StageClasses
  readonly #receipts: ReceiptCheck
  readonly #orders: SessionOrders
  readonly #search: ReplacementSearch
  readonly #standbys: Standbys
  readonly #done = Promise.withResolvers<void>()
  /** Times of steps of one row, by stage: what a plan for texts is made of. */
  readonly #paces: readonly StagePace[]
  readonly #ring = new RingWay()
  readonly #holders = () => this.#work.record.stages.map(({ peer }) => peer)
  /** Texts that were under way, summed over the draws. */
  #streams = 0
  #draws = 0
  /** Of a text that gives one, once it has come. */
  embedding: Float32Array | undefined
  readonly #waits: MemoryWaits
  #over = false

  constructor(components: TextRunnerComponents, init: JobRunnerInit, work: TextWork) {
    const { planned } = work
    this.#components = components
    this.#init = init
    this.#work = work
    this.#search = new ReplacementSearch(components)
    this.#waits = new MemoryWaits(components.nameOf)
    this.#paces = planned.plan.stages.map(() => new StagePace())
    const bytesPerMs = (from: PeerId, to: PeerId) => components.links.bytesPerMs(from, to)
    this.#classes = new StageClasses(planned, work.keptStages)
    const { asked: numericClasses } = this.#classes
    const limits = { ...init, bytesPerMs, numericClasses }
    const session = textSession(work, limits, components.crypto.sha256)
    this.#receipts = new ReceiptCheck(components.crypto, {
      session: session.open.session,
      model: planned.model.id,
      requester: components.self,
      ranges: session.ranges,
    })
    this.#orders = textOrders(components, work)
    this.#standbys = new Standbys(
      {
        find: (stage) => this.#search.spare(planned, this.#stagesNow(), stage),
        open: (stage, peer) => this.#text.standBy(stage, peer),
        leaveChance: (peer, durationMs) => components.planner.leaveChance(peer, durationMs),
        remainingMs: () => work.record.remainingMs,
      },
      work.standby,
    )
    this.#text = new RequesterText(
      {
        clock: components.clock,
        outbound: components.outbound,
        replacement: async (stage, excluded, code) => this.#replacement({ stage, excluded, code }),
        cleared: (peer) => work.record.note(this.#search.clear(peer)),
        onEvent: (event) => this.#onEvent(event),
      },
      session,
      work.generation,
    )
  }

  /**
   * Resolves once the text has ended and every receipt that came was checked.
   *
   * @throws {InferenceError} when the session cannot go on; the reason of `signal` when it aborts.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { record, planned, provider, objective } = this.#work
    const { nameOf } = this.#components
    signal.throwIfAborted()
    const shown = provider === 'auto' ? 'cpu' : provider
    record.plan = planView(planned, { objective, provider: shown, nameOf })
    record.foreseenPerS = 1000 / planned.prediction.latencyMs
    record.events.append({ type: 'plan', plan: record.plan })
    for (const note of record.plan.notes) record.note(note)
    this.#prepare()
    record.enter('loading')
    const abort = (): void => this.#done.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      this.#text.start(planned.plan.stages.map(({ peer }) => peer))
      await this.#done.promise
    } finally {
      signal.removeEventListener('abort', abort)
      this.#over = true
      this.#text.abort()
      this.#orders.abandon()
    }
  }

  /** What the stages and links will be measured in. */
  #prepare(): void {
    const { record, planned, provider } = this.#work
    const { nameOf } = this.#components
    const { stages } = planned.plan
    record.stages.push(...stageRecords(stages, { replica: 0, provider, nameOf }))
    record.hops.push(...textHops(stages.length, this.#isRing))
  }

  #onEvent(event: TextEvent): void {
    if (this.#over) return
    switch (event.type) {
      case 'loading':
        this.#onLoading(event)
        return
      case 'ready':
        this.#onReady(event)
        return
      case 'draw':
        this.#onDraw(event)
        return
      case 'given':
        this.#orders.gave(event.rows * tokenScale(this.#work.planned.model))
        return
      case 'recovered':
        this.#onRecovered(event.recovery)
        return
      case 'standby':
        this.#onStandby(event)
        return
      case 'receipt':
        this.#onReceipt(event)
        return
      case 'closed':
        this.#onClosed()
        return
      case 'failed':
        this.#done.reject(failureOf(event))
        return
    }
  }

  #onLoading(event: TextEvent & { type: 'loading' }): void {
    const { state, note } = this.#waits.hear(event)
    this.#setStage(event.stage, state)
    if (note !== undefined) this.#work.record.note(note)
  }

  #onReady({ stage, peer, record: ready, open, rttMs }: TextEvent & { type: 'ready' }): void {
    const { record } = this.#work
    this.#orders.seated(peer, open)
    this.#receipts.seated(open)
    this.#judgeBits(stage, ready, peer)
    // Known is what no stage has to run.
    record.known(ready.prefixRows ?? 0)
    const held = record.stages[stage]
    if (held !== undefined) held.weightBytes = ready.weightBytes
    this.#setStage(stage, 'ready', peer)
    const { fromLayer, toLayer } = open
    const { loadMs } = ready
    const facts = { peer, fromLayer, toLayer, loadMs, ...testedTimes(ready), rttMs }
    this.#components.planner.noteReady(this.#work.planned, facts)
    const all = record.stages.every(({ state }) => state === 'ready' || state === 'running')
    if (!all) return
    if (record.state !== 'running') {
      this.#lookForStandbys()
    }
    record.times.ready(this.#components.clock.monotonicMs())
    if (record.state === 'loading') this.#foresee()
    const { kept } = this.#classes
    if (record.state !== 'running' && kept !== undefined) this.#work.amend?.({ stages: [...kept] })
    record.enter('running')
  }

  /** Whether the text says what it would have said on the devices that it was begun on. */
  #judgeBits(stage: number, ready: ReadyRecord, peer: PeerId): void {
    const { record, planned } = this.#work
    const deviceClass = this.#components.planner.classOf(planned, peer)
    const isSame = this.#classes.seated(stage, ready, deviceClass) && !this.#classes.cutOtherwise
    record.exact = ready.exact && isSame && (record.exact ?? true)
    if (isSame) return
    this.#work.amend?.({ exact: false })
    const where = this.#classes.cutOtherwise ? 'with other cuts' : 'in another numeric class'
    record.note(`stage ${stage} goes on ${where}: not exact from here on`)
  }

  /** Tells what is expected now that the stages were tested, before the first token. */
  #foresee(): void {
    const { record, planned, streams } = this.#work
    const { planner } = this.#components
    const stages = this.#stagesNow()
    const { perS, latencyMs, basis, streams: count } = planner.foresee(planned, stages, streams())
    const before = record.foreseenPerS
    record.foreseenPerS = count === 1 ? 1000 / latencyMs : perS / count
    if (before === undefined || basis !== 'probe') return
    const [now, first] = [record.foreseenPerS, before].map((each) => each.toPrecision(3))
    record.note(`its stages were tested: ${now} tokens a second, not ${first} as planned`)
  }

  /** The stages of the plan, on the devices that hold them now. */
  #stagesNow(): readonly PlanStage[] {
    const { record, planned } = this.#work
    return planned.plan.stages.map((stage, index) => ({
      ...stage,
      peer: record.stages[index]?.peer ?? stage.peer,
    }))
  }

  #onDraw(draw: TextDraw): void {
    const { record, words, drafter } = this.#work
    const { output, rows, input } = draw
    if (rows.position >= this.#work.generation.prompt.length) drafter?.observe(draw)
    record.times.drawn(draw.tokens.length, this.#components.clock.monotonicMs())
    const { text, tokens, stopped } = words.take(draw.tokens)
    const hopsMs = output.hops.map(({ heldUs }) => heldUs / 1000)
    record.add(text, tokens, hopsMs)
    this.#work.said(tokens.map(({ token }) => token))
    record.drafts = this.#text.generation.drafts
    if (stopped) {
      record.finish('stop')
      this.#text.finish()
    }
    this.embedding ??= embeddingOf(output.tensors)
    this.#receipts.input(output.request, input)
    this.#receipts.output(output.request, output.tensors)
    this.#measure(draw)
    this.#lookForStandbys()
  }

  /** Takes the times of a step. */
  #measure({ output, rows, input, transfersMs }: TextDraw): void {
    const { record, streams } = this.#work
    const { links: table, self } = this.#components
    const count = rows.tokens.length
    const note = { output, transfersMs, inputBytes: bytesOf(input) }
    const links = streams() > 1 ? undefined : { table, self }
    // Sizes of cuts are planned for one row.
    if (count > 1) {
      if (rows.position === 0 && links !== undefined)
        noteFirstRows(record.stages, { ...note, rows: count }, links)
      return
    }
    noteHops(record, note, links)
    this.#noteRing({ output, transfersMs }, links?.table)
    this.#streams += streams()
    this.#draws++
    for (const [stage, hop] of output.hops.entries()) this.#paces[stage]?.add(rows.position, hop)
  }

  /** True when what is drawn goes to the first stage without a word of this device. */
  get #isRing(): boolean {
    const { planned, gives } = this.#work
    return gives === 'tokens' && planned.plan.stages.length > 1
  }

  #noteRing(draw: Pick<TextDraw, 'output' | 'transfersMs'>, table: LinkTable | undefined): void {
    const { stages, hops } = this.#work.record
    const [first, last] = [stages[0], stages.at(-1)]
    const ms = this.#ring.take(draw, this.#components.clock.monotonicMs())
    if (!this.#isRing || ms === undefined || first === undefined || last === undefined) return
    const bytes = bytesOf(draw.output.tensors)
    hops.at(-1)?.ms.add(ms)
    hops.at(-1)?.bytes.add(bytes)
    table?.note({ from: last.peer, to: first.peer, bytes, ms })
  }

  /** Texts that were under way on average while this one was. */
  get #meanStreams(): number {
    return this.#draws === 0 ? 1 : this.#streams / this.#draws
  }

  /** Tells what was measured of a text that is done, and how far off its prediction was. */
  teach(planner: Pick<Planner, 'judge' | 'learn'>): void {
    const { record, planned } = this.#work
    planner.learn(planned, this.#stageRuns())
    const perS = record.times.stepsPerS
    const shownPerS = record.foreseenPerS
    // A text that lost a stage was held up by that.
    if (perS !== undefined && shownPerS !== undefined && record.recoveries.length === 0) {
      planner.judge(planned, this.#stagesNow(), { perS, shownPerS, streams: this.#meanStreams })
    }
  }

  /** What steps of one token took, by device. */
  #stageRuns(): readonly StageRun[] {
    const { planned } = this.#work
    const scale = tokenScale(planned.model)
    return this.#stagesNow().flatMap(({ peer, fromLayer, toLayer }, index) => {
      const sample = this.#paces[index]?.sample({ fromLayer, toLayer }, this.#meanStreams)
      return sample === undefined ? [] : [{ ...sample, peer, scale }]
    })
  }

  #onClosed(): void {
    const { record, words } = this.#work
    const { end } = this.#text.generation
    if (record.show().finish === undefined && end !== undefined) {
      record.add(words.end(), [], [])
      record.finish(end)
    }
    const { text, ...verdict } = this.#receipts.verdict()
    if (text !== undefined) record.note(text)
    void this.#orders.close(verdict, this.#init.receiptMs).then(() => {
      this.#components.audits.offer(this.#receipts.done(record.stages))
      this.#done.resolve()
    })
  }

  #setStage(index: number, state: StageRecord['state'], peer?: PeerId): void {
    const holder = peer === undefined ? undefined : { peer, name: this.#components.nameOf(peer) }
    this.#work.record.enterStage(index, state, holder)
  }

  #onRecovered(recovery: (TextEvent & { type: 'recovered' })['recovery']): void {
    const { stage, from, to, code, elapsedMs, copiedRows } = recovery
    this.#receipts.interrupted()
    const view = { replica: 0, stage, fromPeer: from, toPeer: to, ms: elapsedMs, code, copiedRows }
    this.#work.record.recoveries.push(view)
    this.#work.record.events.append({ type: 'recovery', recovery: view })
    this.#components.logger.info('stage replaced', view)
    this.#seekStandby(stage)
  }

  /** Has other devices load stages as well whose holders may not last. */
  #lookForStandbys(): void {
    this.#standbys.look(this.#holders, this.#components.clock.monotonicMs())
  }

  /** Who stood by for the stage does so no more. */
  #seekStandby(stage: number): void {
    this.#standbys.gone(stage)
    const holder = this.#work.record.stages[stage]?.peer
    if (holder !== undefined) void this.#standbys.seek(stage, holder)
  }

  #onStandby({ stage, peer, ready }: TextEvent & { type: 'standby' }): void {
    const name = this.#components.nameOf(peer)
    if (ready) this.#work.record.note(`${name} stands by for stage ${stage}`)
    else this.#seekStandby(stage)
  }

  #replacement(lost: LostStage): Promise<PeerId | undefined> {
    this.#components.logger.info('stage lost', { stage: lost.stage, code: lost.code })
    this.#setStage(lost.stage, 'lost')
    return this.#search.find(this.#work.planned, this.#stagesNow(), lost)
  }

  #onReceipt({ stage, signed }: TextEvent & { type: 'receipt' }): void {
    const { record } = this.#work
    const peer = record.stages[stage]?.peer ?? this.#components.self
    const hash = this.#receipts.receipt(stage, peer, signed)
    if (hash === undefined) {
      record.note(`the receipt of stage ${stage} is not what its device should sign`)
      return
    }
    record.receipts.push({ replica: 0, stage, peer, hash })
    this.#setStage(stage, 'closed')
  }
}

function failureOf({ code, stage }: TextEvent & { type: 'failed' }): InferenceError {
  return new InferenceError({ code, ...(stage === undefined ? {} : { stage }) })
}
