/**
 * One session, at the device that asked for it: opens the stages, keeps them alive, replaces the lost.
 *
 * The requester keeps every input until its output has come: it is the journal
 * of the cut before the first stage. A stage that dies, stalls, faults or leaves
 * gets a successor. Once the successor is ready everybody is told the new route;
 * the stage before then replays what was not released, and since a stage answers
 * a repeated step from its journal, each output comes once and is the same.
 *
 * Of a text the requester keeps its inputs to the end: a first stage that is
 * replaced needs all of them, as the others need all that their journals hold.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { InferenceCode } from './errors.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { FaultRecord, ReadyRecord, SignedReceipt } from './records.ts'
import type { RequesterInit, RequesterInput, RequesterOutput } from './requester-types.ts'
import { Blame, type Blamed } from './blame.ts'
import { finalCode, isFailedRun, isOwnCause, isSaidByAll } from './final-code.ts'
import { Moves } from './moves.ts'
import { PingTimes } from './ping-times.ts'
import { Replacements } from './replacements.ts'
import { Requests } from './requests.ts'
import { failed, opening, ping, send, serving, standby } from './seat-messages.ts'
import type { Seat } from './seat.ts'
import { Seats } from './seats.ts'
import { expectedOutput } from './expected-output.ts'
import { fitsMessage } from './tensor-table.ts'
import { rowsOf } from './text-rows.ts'
import { transfersOf } from './transfers.ts'

/** Pings that a step which was left to the ring may take before it is sent. */
const RING_PINGS_MAX = 4

export class RequesterMachine implements Machine<RequesterInput, RequesterOutput> {
  readonly #init: RequesterInit
  readonly #seats = new Seats()
  readonly #replacements: Replacements
  readonly #requests: Requests
  readonly #moves: Moves
  readonly #blame: Blame
  #phase: 'idle' | 'running' | 'finishing' | 'over' = 'idle'
  readonly #pings: PingTimes
  #finishAtMs = Infinity
  readonly #receipts = new Set<number>()

  constructor(init: RequesterInit) {
    this.#init = init
    this.#pings = new PingTimes(init.pingMs)
    this.#replacements = new Replacements(init.recoveriesMax)
    this.#requests = new Requests(init.open.text !== undefined)
    this.#moves = new Moves(init, this.#seats, this.#requests)
    this.#blame = new Blame(this.#seats, this.#replacements, this.#requests)
  }

  /**
   * Requests that may be submitted now. The window slides: it counts from the oldest request
   * that is not done, so that no journal and no queue of a stage outgrows it.
   */
  get capacity(): number {
    if (this.#phase !== 'idle' && this.#phase !== 'running') return 0
    return this.#init.open.inFlightMax - this.#requests.span
  }

  /** Requests that were submitted so far. */
  get submitted(): number {
    return this.#requests.submitted
  }

  handle(input: RequesterInput | TimePassed, nowMs: number): readonly RequesterOutput[] {
    if (this.#over) return []
    switch (input.type) {
      case 'start':
        return this.#start(input.peers, nowMs)
      case 'submit':
        return this.#submit(input.request, input.tensors, nowMs)
      case 'message':
        return this.#hear(input, nowMs)
      case 'lost':
        return this.#onLost(input.stage, input.epoch, input.code, nowMs)
      case 'replacement':
        return this.#onReplacement(input.stage, input.peer, nowMs)
      case 'free':
        this.#requests.lead.grant(input.until)
        return this.#pump(nowMs)
      case 'stand-by':
        return this.#standBy(input.stage, input.peer, nowMs)
      case 'finish':
        return this.#finish(nowMs)
      case 'time-passed':
        return this.#onTime(nowMs)
    }
  }

  deadlineMs(): number | undefined {
    if (this.#phase === 'running') return this.#pings.wakeAtMs
    return this.#phase === 'finishing' ? this.#finishAtMs : undefined
  }

  #start(peers: readonly PeerId[], nowMs: number): readonly RequesterOutput[] {
    this.#phase = 'running'
    this.#pings.start(nowMs)
    this.#seats.start(peers, nowMs)
    return this.#seats.all.map((seat) => opening(this.#init, this.#seats, seat))
  }

  get #over(): boolean {
    return this.#phase === 'over'
  }

  #submit(request: number, tensors: readonly Tensor[], nowMs: number): readonly RequesterOutput[] {
    if (this.#requests.knows(request)) return []
    if (!fitsMessage(tensors)) return this.#fail('INFERENCE_MESSAGE_TOO_LARGE', undefined, request)
    this.#requests.submit(request, tensors, nowMs)
    return this.#pump(nowMs)
  }

  #pump(nowMs: number): readonly RequesterOutput[] {
    return this.#requests.send(this.#seats, nowMs)
  }

  #hear(
    { stage, epoch, message }: RequesterInput & { type: 'message' },
    nowMs: number,
  ): readonly RequesterOutput[] {
    const seat = this.#seats.find(stage, epoch)
    if (seat === undefined || seat.phase === 'lost') return []
    seat.hear(nowMs)
    return this.#onMessage(seat, message, nowMs)
  }

  #onMessage(seat: Seat, message: InferenceMessage, nowMs: number): readonly RequesterOutput[] {
    const { stage } = seat
    switch (message.type) {
      case 'output':
        return stage === this.#seats.all.length - 1 ? this.#onOutput(seat, message, nowMs) : []
      case 'pong':
        seat.noteClock(message.clockUs, nowMs)
        seat.notePong(message.received, message.done, nowMs)
        seat.noteReached(message.reached)
        return [...this.#onAnswer(seat, nowMs), ...this.#onWarm(seat, nowMs)]
      case 'loading':
        seat.noteLoading(message, nowMs)
        return seat.standby ? [] : [{ ...message, stage, peer: seat.peer }]
      case 'ready':
        return this.#onReady(seat, message.record, nowMs)
      case 'fault':
        return this.#onFault(seat, message.record, nowMs)
      case 'leaving':
        return this.#onLeaving(seat, nowMs)
      case 'copied':
        return this.#phase === 'running' ? this.#moves.copied(seat, message, nowMs) : []
      case 'receipt':
        return this.#onReceipt(seat, message.signed)
      default:
        // The rest goes from requesters to stages; a stage that sends it is ignored.
        return []
    }
  }

  #onOutput(seat: Seat, sent: TensorMessage, nowMs: number): readonly RequesterOutput[] {
    const outstanding = this.#requests.get(sent.request)
    if (outstanding === undefined) return []
    const tensors = expectedOutput(this.#init, sent.tensors, outstanding.tensors)
    if (tensors === undefined) {
      return this.#onLost(seat.stage, seat.epoch, 'INFERENCE_OUTPUT_INVALID', nowMs)
    }
    const output = { ...sent, tensors }
    this.#requests.answered(output.request)
    this.#moves.times.note(rowsOf(outstanding.tensors), output.hops)
    const elapsedMs = nowMs - outstanding.sentMs
    const transfersMs = transfersOf(output.hops, this.#seats.all, outstanding, nowMs)
    return [
      { type: 'output', output, elapsedMs, transfersMs },
      ...this.#requests.release(this.#seats, false),
      // Who is being fed has come so far as well, or is asked again at the next one.
      ...this.#seats.reachable.filter(({ warming }) => warming).map((warm) => ping(warm, nowMs)),
      ...this.#maybeClose(nowMs),
    ]
  }

  #onReady(seat: Seat, record: ReadyRecord, nowMs: number): readonly RequesterOutput[] {
    const before = this.#seats.at(seat.stage)
    if (this.#phase !== 'running') return []
    seat.serve(record, nowMs)
    if (seat.standby) return [standby(seat, true), ping(seat, nowMs)]
    const ready = serving(seat, record)
    if (before === undefined || before === seat) {
      // Others may have been replaced while this one was still opening with the route of the start.
      const route = this.#seats.changed ? this.#moves.announce() : []
      return [ready, ping(seat, nowMs), ...route, ...this.#pump(nowMs)]
    }

    return [ready, ...this.#moves.succeed(seat, before, nowMs)]
  }

  /** Opens a stage at a second device. */
  #standBy(stage: number, peer: PeerId, nowMs: number): readonly RequesterOutput[] {
    const before = this.#seats.at(stage)
    const free = this.#seats.successor(stage) === undefined && !this.#replacements.isSought(stage)
    if (this.#phase !== 'running' || before?.phase !== 'ready' || !free) return []
    const seat = this.#seats.addSuccessor(stage, peer, nowMs)
    seat.standby = true
    return [opening(this.#init, this.#seats, seat)]
  }

  /** Who stands by for `seat`, which is lost or will be, takes its place; undefined when nobody does. */
  #useStandby(
    seat: Seat,
    code: InferenceCode,
    nowMs: number,
  ): readonly RequesterOutput[] | undefined {
    const next = this.#seats.successor(seat.stage)
    if (next?.standby !== true) return undefined
    const counted = this.#replace(seat.stage, seat.peer, code)
    if (this.#over) return counted
    this.#replacements.end(seat.stage)
    next.standby = false
    next.replaceFor(code, seat.phase === 'lost' ? seat.sinceMs : nowMs)
    const { record } = next
    // One that still loads is a successor like any other.
    if (record === undefined) return []
    return [serving(next, record), ...this.#moves.succeed(next, seat, nowMs)]
  }

  #onFault(seat: Seat, fault: FaultRecord, nowMs: number): readonly RequesterOutput[] {
    const { code, request, nextEpoch, beforeEpoch } = fault
    if (code === 'INFERENCE_JOURNAL_MISSING' && request !== undefined) {
      const missing = this.#requests.get(request)
      this.#requests.again((outstanding) => outstanding === missing)
      return this.#pump(nowMs)
    }
    if (nextEpoch !== undefined) return this.#onUnreached(seat, nextEpoch, nowMs)
    if (beforeEpoch !== undefined) return this.#onComplaint(seat, fault, nowMs)
    if (isSaidByAll(code, seat.stage)) return this.#fail(code, seat.stage, request)
    if (request !== undefined && isFailedRun(code)) {
      const outstanding = this.#requests.get(request)
      if (outstanding !== undefined && ++outstanding.failures > 1) {
        return this.#fail(code, seat.stage, request)
      }
    }
    return this.#onFailed(seat, code, nowMs)
  }

  /** A stage says that it is of no use any more. When two fail alike, the stage before may be why. */
  #onFailed(seat: Seat, code: InferenceCode, nowMs: number): readonly RequesterOutput[] {
    const lost = this.#onLost(seat.stage, seat.epoch, code, nowMs)
    if (!isFailedRun(code) || this.#phase !== 'running') return lost
    const before = this.#blame.failed(seat)
    return before === undefined ? lost : [...lost, ...this.#onBlamed(before, nowMs)]
  }

  /** `seat` cannot use what the stage before it sent. */
  #onComplaint(seat: Seat, fault: FaultRecord, nowMs: number): readonly RequesterOutput[] {
    const before = this.#blame.accused(seat, fault.beforeEpoch ?? -1)
    if (this.#phase !== 'running' || before === undefined) return []
    if (this.#blame.isOfRequest(fault)) return this.#fail(fault.code, seat.stage, fault.request)
    return this.#onBlamed(this.#blame.complained(seat, before), nowMs)
  }

  #onBlamed({ seat, code, told }: Blamed, nowMs: number): readonly RequesterOutput[] {
    return [...told, ...this.#onLost(seat.stage, seat.epoch, code, nowMs)]
  }

  /**
   * `seat` has no way to the stage after it. The first time that one is replaced, at once. When the
   * way to its successor breaks too, one of the two is cut off: it is `seat`, if the other answers us.
   */
  #onUnreached(seat: Seat, nextEpoch: number, nowMs: number): readonly RequesterOutput[] {
    if (seat.stage === this.#seats.all.length - 1) return this.#onRingCut(nextEpoch, nowMs)
    const next = this.#seats.find(seat.stage + 1, nextEpoch)
    if (this.#phase !== 'running' || next === undefined || next.phase === 'lost') return []
    if (seat.lostWays++ === 0) {
      return this.#onLost(next.stage, nextEpoch, 'INFERENCE_NEXT_UNREACHABLE', nowMs)
    }
    next.doubt = { by: seat, sinceMs: nowMs }
    return [ping(next, nowMs)]
  }

  /** The last stage does not reach the first: that costs a way, and nobody a seat. */
  #onRingCut(firstEpoch: number, nowMs: number): readonly RequesterOutput[] {
    if (this.#seats.at(0)?.epoch !== firstEpoch) return []
    this.#requests.lead.cut()
    this.#requests.again(({ left }) => left)
    return this.#pump(nowMs)
  }

  #onAnswer(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    const by = seat.settleDoubt()
    return by === undefined
      ? []
      : this.#onLost(by.stage, by.epoch, 'INFERENCE_NEXT_UNREACHABLE', nowMs)
  }

  /** A successor that has run all that came so far takes its seat. */
  #onWarm(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    const warm = seat.warming && this.#phase === 'running' && seat.hasRun(this.#requests.released)
    return warm ? this.#moves.seat(seat, nowMs) : []
  }

  #onLeaving(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    if (this.#phase !== 'running') return []
    if (seat.leaving || this.#seats.at(seat.stage) !== seat) return []
    seat.leaving = true
    const code = 'INFERENCE_STAGE_LEAVING'
    return this.#useStandby(seat, code, nowMs) ?? this.#replace(seat.stage, seat.peer, code)
  }

  #onLost(
    stage: number,
    epoch: number,
    code: InferenceCode,
    nowMs: number,
  ): readonly RequesterOutput[] {
    const seat = this.#seats.find(stage, epoch)
    if (seat === undefined || seat.phase === 'lost') return []
    seat.lose(code, nowMs)
    // What it signs for when it ends by itself need not be all that it did.
    if (this.#phase === 'finishing') return this.#onReceiptMissing(seat, nowMs)
    const drop: RequesterOutput = { type: 'drop', stage, epoch }
    const successor = this.#seats.successor(stage)
    if (successor === seat) this.#seats.dropSuccessor(stage)
    if (seat.standby) return [drop, standby(seat, false)]
    if (successor !== undefined && successor !== seat) {
      // A leaving stage that dies before its successor is ready: the successor is on its way already.
      const next = successor.isFed ? this.#moves.seat(successor, nowMs) : undefined
      return [drop, ...(next ?? this.#useStandby(seat, code, nowMs) ?? [])]
    }
    return this.#replacements.isSought(stage)
      ? [drop]
      : [drop, ...this.#replace(stage, seat.peer, code)]
  }

  #replace(stage: number, peer: PeerId, code: InferenceCode): readonly RequesterOutput[] {
    if (code === 'INFERENCE_CLASS_OTHER') this.#replacements.noteOther(stage, peer)
    const excluded = this.#replacements.begin(stage, peer)
    if (excluded === undefined) {
      // What went wrong every time says more than how often it did.
      return this.#fail(isOwnCause(code) ? code : 'INFERENCE_RECOVERIES_EXCEEDED', stage)
    }
    return [{ type: 'replace', stage, excluded, code }]
  }

  #onReplacement(
    stage: number,
    peer: PeerId | undefined,
    nowMs: number,
  ): readonly RequesterOutput[] {
    const before = this.#seats.at(stage)
    this.#replacements.end(stage)
    if (
      this.#phase !== 'running' ||
      before === undefined ||
      this.#seats.successor(stage) !== undefined
    )
      return []
    const isLost = before.phase !== 'ready'
    // Rather in another numeric class than not at all.
    const successor = peer ?? (isLost ? this.#replacements.takeOther(stage) : undefined)
    if (successor === undefined) {
      if (isLost) return this.#fail(finalCode(before.lostBy), stage)
      // A device that leaves serves until it is gone: the session may well end before. When it says
      // so again, there may be somebody.
      before.leaving = false
      return []
    }
    const since = before.phase === 'lost' ? before.sinceMs : nowMs
    const seat = this.#seats.addSuccessor(stage, successor, nowMs)
    seat.anyClass = peer === undefined
    seat.replaceFor(before.lostBy ?? 'INFERENCE_STAGE_LEAVING', since)
    return [opening(this.#init, this.#seats, seat)]
  }

  #finish(nowMs: number): readonly RequesterOutput[] {
    if (this.#phase !== 'running') return []
    this.#phase = 'finishing'
    this.#finishAtMs = nowMs + this.#init.receiptMs
    // A stage that does not serve has nothing to sign.
    for (const { stage, phase } of this.#seats.all) if (phase !== 'ready') this.#receipts.add(stage)
    // A receipt is about what has arrived; what the ring did beyond that is nobody's.
    const released = this.#requests.release(this.#seats, true)
    const goodbyes = this.#seats.reachable.map((seat) => send(seat, { type: 'close' }))
    return [...released, ...goodbyes, ...this.#maybeClose(nowMs)]
  }

  #onReceipt(seat: Seat, signed: SignedReceipt): readonly RequesterOutput[] {
    // Who stood by, or was being fed, has nothing to sign for.
    if (this.#seats.at(seat.stage) !== seat) return []
    this.#receipts.add(seat.stage)
    const receipt: RequesterOutput = { type: 'receipt', stage: seat.stage, signed }
    return [receipt, ...this.#maybeClose(0)]
  }

  #onReceiptMissing(seat: Seat, nowMs: number): readonly RequesterOutput[] {
    if (this.#seats.at(seat.stage) !== seat) return []
    this.#receipts.add(seat.stage)
    return this.#maybeClose(nowMs)
  }

  #maybeClose(nowMs: number): readonly RequesterOutput[] {
    if (this.#phase !== 'finishing') return []
    if (this.#receipts.size < this.#seats.all.length && nowMs < this.#finishAtMs) return []
    this.#phase = 'over'
    return [{ type: 'closed' }]
  }

  #onTime(nowMs: number): readonly RequesterOutput[] {
    if (this.#phase === 'finishing') return this.#maybeClose(nowMs)
    const woke = this.#phase === 'running' ? this.#pings.woke(nowMs) : undefined
    if (woke === undefined) return []
    const { sleptMs, isPing } = woke
    const outputs: RequesterOutput[] = []
    for (const seat of this.#seats.reachable) {
      if (this.#over || seat.phase === 'lost') continue
      // Who was asleep, or busy with something else, has not listened either.
      seat.excuse(sleptMs, nowMs)
      if (seat.copy.isLate(nowMs)) outputs.push(...this.#moves.feed(seat, nowMs))
      outputs.push(...this.#look(seat, isPing, nowMs))
    }
    this.#pings.sleep(this.#seats.silentAtMs(this.#init.stallMs))
    // Whatever became of it: what the ring does not make in time is sent.
    if (this.#over || !isPing) return outputs
    const beforeMs = nowMs - RING_PINGS_MAX * this.#init.pingMs
    return [...outputs, ...this.#requests.remind(this.#seats, beforeMs, nowMs)]
  }

  /** Pings who is well. */
  #look(seat: Seat, isPing: boolean, nowMs: number): readonly RequesterOutput[] {
    const { stallMs, progressMs } = this.#init
    if (!seat.stalled(nowMs, stallMs, progressMs)) return isPing ? [ping(seat, nowMs)] : []
    return this.#onLost(seat.stage, seat.epoch, seat.stallCode, nowMs)
  }

  #fail(code: InferenceCode, stage?: number, request?: number): readonly RequesterOutput[] {
    this.#phase = 'over'
    return [
      ...this.#seats.reachable.map((seat) => send(seat, { type: 'close' })),
      failed(code, stage, request),
    ]
  }
}
