/**
 * What this device says while an epoch is decided, and to whoever has missed that it was.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import {
  type Decision,
  decodeEpochMessage,
  encodeEpochMessage,
  EPOCH_LIMITS,
  type EpochMessage,
} from '../../protocols/epoch/index.ts'
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

  /**
   * Somebody still speaks of the last epoch, and does not know that it is decided: says it again, now and then.
   * Returns what it takes for decided, when it is that which it says.
   */
  answerLate(data: Uint8Array, top: ChainTop | undefined): Decision | undefined {
    const { network, clock, calendar } = this.#init
    if (top === undefined) return undefined
    const { epoch } = top.header
    const message = decodeEpochMessage({ network, epoch }, data)
    if (message.type === 'refused') return undefined
    if (message.value.type === 'decision') return message.value.decision
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#answeredMs < timeoutsOf(calendar, epoch).repeatMs) return undefined
    this.#answeredMs = nowMs
    const { value, certificate } = top
    this.send(epoch, { type: 'decision', decision: { value, certificate } })
    return undefined
  }
}
