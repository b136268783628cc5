/**
 * Answers devices that ask this one for evidence.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  type AttesterInput,
  AttesterMachine,
  type AttesterOutput,
  encodeAttestMessage,
  type Question,
  type ShownEvidence,
} from '../../protocols/attest/index.ts'
import { runExchange } from '../mesh/exchange.ts'
import type { Link } from '../network/network.ts'
import type { DeviceEvidence } from './device-evidence.ts'
import type { HandoverBook } from './handover-book.ts'

export interface AnsweringComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly handovers: HandoverBook
}

/** Questions of one peer that are answered within a minute: a TPM is slow, and has other work. */
const ANSWERS_PER_MINUTE_MAX = 6
const MINUTE_MS = 60_000
/** Peers of which it is remembered when they asked. */
const PEERS_MAX = 1_024

export class Answering {
  readonly #components: AnsweringComponents
  /** When peers were answered last, on the monotonic clock, oldest first. */
  readonly #answered = new RecentCache<PeerId, readonly number[]>(PEERS_MAX)
  readonly #links = new Set<Link>()

  constructor(components: AnsweringComponents) {
    this.#components = components
  }

  stop(): void {
    for (const link of this.#links) link.abort()
  }

  /** Answers the one question of `link` with `evidence`. */
  accept(link: Link, evidence: DeviceEvidence): void {
    if (!this.#mayAsk(link.peer)) return link.abort()
    this.#links.add(link)
    const { clock, logger } = this.#components
    const perform = (output: AttesterOutput, feed: (input: AttesterInput) => void): void => {
      switch (output.type) {
        case 'send':
          return link.send(encodeAttestMessage(output.message))
        case 'identify':
          void evidence.keys().then((keys) => feed({ type: 'identified', keys }))
          return
        case 'attest':
          void this.#shown(evidence, output.question, link.peer).then((shown) =>
            feed({ type: 'attested', shown }),
          )
          return
        case 'over':
          logger.debug('attested', { peer: link.peer, ...output })
          if (output.fault !== undefined) link.abort()
      }
    }
    const machine = new AttesterMachine()
    const onEnd = (): void => void this.#links.delete(link)
    runExchange<AttesterInput, AttesterOutput>({ link, clock, machine, perform, onEnd })
  }

  /** Counts a question of `peer`; false when it asked too often. */
  #mayAsk(peer: PeerId): boolean {
    const nowMs = this.#components.clock.monotonicMs()
    const recent = (this.#answered.get(peer) ?? []).filter((atMs) => nowMs - atMs < MINUTE_MS)
    if (recent.length >= ANSWERS_PER_MINUTE_MAX) return false
    this.#answered.set(peer, [...recent, nowMs])
    return true
  }

  async #shown(
    evidence: DeviceEvidence,
    question: Question,
    verifier: PeerId,
  ): Promise<ShownEvidence> {
    const pieces = await evidence.pieces(question, verifier)
    return { pieces, handovers: await this.#components.handovers.all() }
  }
}
