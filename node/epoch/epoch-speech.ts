/**
 * What this device says while an epoch is decided, and to whoever has missed that it was.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { encodeEpochMessage, EPOCH_LIMITS, type EpochMessage } from '../../protocols/epoch/index.ts'
import type { ChainTop } from './epoch-chain.ts'
import { type EpochCalendar, timeoutsOf } from './epoch-time.ts'

export interface EpochSpeechInit {
  readonly network: Uint8Array
  readonly calendar: EpochCalendar
  readonly clock: Clock
  readonly publish: (topic: string, data: Uint8Array) => void
}

export class EpochSpeech {
  readonly #init: EpochSpeechInit
  #answeredMs = -Infinity

  constructor(init: EpochSpeechInit) {
    this.#init = init
  }

  send(epoch: number, message: EpochMessage): void {
    const { network, publish } = this.#init
    const { VOTES_TOPIC, DECISIONS_TOPIC } = EPOCH_LIMITS
    const topic = message.type === 'decision' ? DECISIONS_TOPIC : VOTES_TOPIC
    publish(topic, encodeEpochMessage({ network, epoch }, message))
  }

  /** Somebody still speaks of the last epoch, and does not know that it is decided: says it again, now and then. */
  answerLate({ type }: EpochMessage, { header, value, certificate }: ChainTop): void {
    const { clock, calendar } = this.#init
    if (type === 'decision') return
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#answeredMs < timeoutsOf(calendar, header.epoch).repeatMs) return
    this.#answeredMs = nowMs
    this.send(header.epoch, { type: 'decision', decision: { value, certificate } })
  }
}
