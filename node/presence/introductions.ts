/**
 * Asks whom this device meets which other devices there are, and answers the same.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import {
  ANSWER_MS_MAX,
  LINK_IDLE_MS_MAX,
  LINKS_PER_PEER_MAX,
  PRESENCE_FRAME_BYTES_MAX,
  PRESENCE_PROTOCOL,
  QUESTIONS_PER_LINK_MAX,
  RECORDS_FAULTS,
  RECORDS_PER_ANSWER_MAX,
  type RecordsAnswer,
  recordsCodec,
  type RecordsQuestion,
} from '../../protocols/presence/index.ts'
import type { Link, Network, ProtocolInit } from '../network/network.ts'
import { answerQuestions, openQuestions, type QuestionProtocol } from '../witness/question-link.ts'
import { PresenceError } from './errors.ts'

export interface IntroductionsComponents {
  readonly network: Pick<Network, 'open'>
  readonly clock: Clock
  readonly logger: Logger
  /** What this device knows now, its own record first, each as it was signed. */
  readonly known: () => readonly Uint8Array[]
  /** Takes a record that somebody else knows; false for one that no honest device passes on. */
  readonly take: (encoded: Uint8Array) => boolean
}

/** Devices that are asked at once: who joins a large mesh meets many in a moment. */
const ASKED_MAX = 4
/** Devices that wait for their turn; of more than these gossip tells. */
const WAITING_MAX = 64

const recordsProtocol: QuestionProtocol<RecordsQuestion, RecordsAnswer> = {
  id: PRESENCE_PROTOCOL,
  codec: recordsCodec,
  frameBytesMax: PRESENCE_FRAME_BYTES_MAX,
  answerMsMax: ANSWER_MS_MAX,
  answering: { questionsMax: QUESTIONS_PER_LINK_MAX, idleMsMax: LINK_IDLE_MS_MAX },
  failure: (fault) => new PresenceError(RECORDS_FAULTS[fault]),
}

export class Introductions {
  readonly #components: IntroductionsComponents
  readonly #waiting = new Set<PeerId>()
  readonly #asked = new Set<PeerId>()
  #stopped = false

  constructor(components: IntroductionsComponents) {
    this.#components = components
  }

  /** What the network is to serve. */
  get protocol(): ProtocolInit {
    return {
      id: PRESENCE_PROTOCOL,
      frameBytesMax: PRESENCE_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.#accept(link),
    }
  }

  /** A member is connected: it is asked soon. */
  meet(peer: PeerId): void {
    if (this.#stopped || this.#asked.has(peer) || this.#waiting.size >= WAITING_MAX) return
    this.#waiting.add(peer)
    this.#next()
  }

  stop(): void {
    this.#stopped = true
    this.#waiting.clear()
  }

  #next(): void {
    const [peer] = this.#waiting
    if (peer === undefined || this.#asked.size >= ASKED_MAX) return
    this.#waiting.delete(peer)
    this.#asked.add(peer)
    void this.#ask(peer).finally(() => {
      this.#asked.delete(peer)
      this.#next()
    })
  }

  async #ask(peer: PeerId): Promise<void> {
    const { logger } = this.#components
    try {
      await using questions = await openQuestions(this.#components, peer, recordsProtocol)
      let from = 0
      for (;;) {
        const { records, left } = await questions.ask({ from })
        if (this.#stopped || !this.#takeAll(peer, records)) return
        from += records.length
        // Who knows no more than this device tells it nothing with the rest.
        if (left === 0 || records.length === 0 || this.#count() >= from + left) return
      }
    } catch (error) {
      // Gossip tells of all of them a little later.
      logger.debug('a device did not say whom it knows', { peer, error })
    }
  }

  #takeAll(peer: PeerId, records: readonly Uint8Array[]): boolean {
    if (records.every((encoded) => this.#components.take(encoded))) return true
    this.#components.logger.warn('a device passes on records that are none', { peer })
    return false
  }

  #count(): number {
    return this.#components.known().length
  }

  #accept(link: Link): void {
    answerQuestions({
      link,
      clock: this.#components.clock,
      protocol: recordsProtocol,
      answer: async ({ from }) => {
        const rest = this.#components.known().slice(from)
        const records = rest.slice(0, RECORDS_PER_ANSWER_MAX)
        return { records, left: rest.length - records.length }
      },
      onEnd: () => undefined,
    })
  }
}
