/**
 * What the requester knows of one holder of one stage.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { InferenceCode } from './errors.ts'
import { MEMORY_WAIT_MS_MAX } from './limits.ts'
import type { InferenceMessage } from './messages.ts'
import type { ReadyRecord } from './records.ts'
import { SeatCopy } from './seat-copy.ts'

/** Pings that may be unanswered at once; of more, the oldest is taken for lost. */
const PINGS_MAX = 64

type Loading = InferenceMessage & { readonly type: 'loading' }

export class Seat {
  readonly stage: number
  readonly peer: PeerId
  /** The generation of this opening: no two seats of a session share it but those of the start. */
  readonly epoch: number
  phase: 'opening' | 'ready' | 'lost' = 'opening'
  /** True once the holder said that it will go. */
  leaving = false
  record: ReadyRecord | undefined
  /** True while it waits, opened and not fed, for the holder to be lost. */
  standby = false
  /** True while it is fed beside the holder that it will replace. */
  warming = false
  /** True when it may be of another numeric class, as nobody else is left. */
  anyClass = false
  /** What it takes over of the holder before it. */
  readonly copy = new SeatCopy()
  /** True while the text comes to it, one way or the other, for it to take a seat. */
  get isFed(): boolean {
    return this.warming || this.copy.active
  }

  /** Requests below this one have run here. */
  #reached = 0
  /** Why this holder was lost. */
  lostBy: InferenceCode | undefined
  /** Why the holder before was replaced by this one. */
  replaces: InferenceCode | undefined
  /** When the stage was last noticed to need this: opened, lost, or lost by the holder before. */
  sinceMs: number
  /** Holders of the next stage that this one could not reach. */
  lostWays = 0
  /** Who could not reach this holder, and when that was said: to be settled by the next answer. */
  doubt: { readonly by: Seat; readonly sinceMs: number } | undefined
  /** Round trip to the holder, in milliseconds; undefined before the first pong. */
  rttMs: number | undefined
  /** When the pings were sent that are not answered yet: each is answered once, in order. */
  readonly #pingsMs: number[] = []
  /** When the latest ping was sent that was answered: the holder lived then. */
  #livedMs = -Infinity
  /** What the holder's clock is ahead of ours, from the quickest round trip so far. */
  #aheadMs: number | undefined
  #heardMs: number
  #progressMs: number
  #received = 0
  #done = 0
  #loaded = 0
  /** Until when it may wait for memory. */
  #waitsUntilMs = -Infinity

  constructor(stage: number, peer: PeerId, epoch: number, nowMs: number) {
    this.stage = stage
    this.peer = peer
    this.epoch = epoch
    this.sinceMs = nowMs
    this.#heardMs = nowMs
    this.#progressMs = nowMs
  }

  hear(nowMs: number): void {
    this.#heardMs = nowMs
  }

  serve(record: ReadyRecord, nowMs: number): void {
    this.phase = 'ready'
    this.record = record
    this.#progressMs = nowMs
  }

  lose(code: InferenceCode, nowMs: number): void {
    this.phase = 'lost'
    this.lostBy = code
    this.sinceMs = nowMs
  }

  /** This holder takes the place of one that was lost, or will be, since `sinceMs`. */
  replaceFor(code: InferenceCode, sinceMs: number): void {
    this.replaces = code
    this.sinceMs = sinceMs
  }

  notePing(nowMs: number): void {
    this.#pingsMs.push(nowMs)
    if (this.#pingsMs.length > PINGS_MAX) this.#pingsMs.shift()
  }

  /** The time on our clock of a time on the holder's; undefined before the first pong. */
  ownMs(theirMs: number): number | undefined {
    return this.#aheadMs === undefined ? undefined : theirMs - this.#aheadMs
  }

  noteClock(clockUs: number, nowMs: number): void {
    const pingMs = this.#pingsMs.shift()
    if (pingMs === undefined) return
    this.#livedMs = pingMs
    const rttMs = nowMs - pingMs
    // The quicker the round trip, the less the two ways can differ (RFC 5905, section 10).
    if (this.rttMs === undefined || rttMs <= this.rttMs) {
      this.rttMs = rttMs
      this.#aheadMs = clockUs / 1000 - (pingMs + nowMs) / 2
    }
  }

  /** True once everything below `request` has run here; holders of the start have always run it. */
  hasRun(request: number): boolean {
    return this.epoch === 0 || this.#reached >= request
  }

  notePong(received: number, done: number, nowMs: number): void {
    // Waiting for others is no stall: only a request that is here and not done is, or the opening.
    const idle = this.phase === 'ready' && received === done
    if (done > this.#done || idle) this.#progressMs = nowMs
    this.#received = received
    this.#done = done
  }

  /** Who could not reach this holder, once an answer has shown that the holder is well. */
  settleDoubt(): Seat | undefined {
    const { doubt } = this
    if (doubt === undefined || this.#livedMs < doubt.sinceMs) return undefined
    this.doubt = undefined
    return doubt.by
  }

  noteReached(reached: number): void {
    this.#reached = Math.max(this.#reached, reached)
  }

  /** It fetches what it needs, or waits for memory that others have. */
  noteLoading({ bytesDone, waiting }: Loading, nowMs: number): void {
    if (bytesDone > this.#loaded) this.#progressMs = nowMs
    this.#loaded = bytesDone
    // However often it says so, it waits no longer than that.
    const isFirst = waiting !== undefined && this.#waitsUntilMs === -Infinity
    if (isFirst) this.#waitsUntilMs = nowMs + MEMORY_WAIT_MS_MAX
  }

  noteWork(nowMs: number): void {
    if (this.#received === this.#done) this.#progressMs = nowMs
  }

  /** The requester itself slept for `sleptMs`: what was not heard meanwhile is not the holder's fault. */
  excuse(sleptMs: number, nowMs: number): void {
    this.#heardMs = Math.min(nowMs, this.#heardMs + sleptMs)
    this.#progressMs = Math.min(nowMs, this.#progressMs + sleptMs)
    this.copy.excuse(sleptMs)
  }

  /** From when on it was silent for too long, in whole milliseconds after it. */
  silentAtMs(stallMs: number): number {
    return this.#heardMs + stallMs + 1
  }

  /** What a stall of it is called. */
  get stallCode(): 'INFERENCE_OPEN_TIMEOUT' | 'INFERENCE_STALLED' {
    return this.phase === 'opening' ? 'INFERENCE_OPEN_TIMEOUT' : 'INFERENCE_STALLED'
  }

  /** True when nothing was heard for `stallMs`, or nothing got done for `progressMs` although there was something to do. */
  stalled(nowMs: number, stallMs: number, progressMs: number): boolean {
    if (nowMs - this.#heardMs > stallMs) return true
    const isOpening = this.phase === 'opening'
    const busy = isOpening || this.#received > this.#done
    const sinceMs = Math.max(this.#progressMs, isOpening ? this.#waitsUntilMs : -Infinity)
    return busy && nowMs - sinceMs > progressMs
  }
}
