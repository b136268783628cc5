/**
 * Looks at proposals, votes and decisions before anything is done with them, and before others get them.
 *
 * What is no message, or is signed by nobody who may, goes no further. What is of an epoch that this device does not
 * know yet cannot be told from it: it is not handed on, and its sender is asked what was decided.
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  type Committee,
  decodeEpochMessage,
  type EpochErrorCode,
  type EpochMessage,
  epochOfMessage,
  messageProblem,
  type SeatedEpoch,
} from '../../protocols/epoch/index.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { Refusals } from './refusals.ts'

/** What becomes of a message that is gossiped: handed on, left, or held against who sent it. */
export type GossipFate = 'accept' | 'ignore' | 'reject'

/** A message of a seat, of an epoch that is known here. */
export interface Heard {
  readonly epoch: number
  readonly message: EpochMessage
}

export interface MessageGateRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  readonly founder: PeerId
  readonly chain: EpochChain
  readonly refusals: Refusals
  /** Asks a device which epochs were decided after those that are known here. */
  readonly follow: (peer: PeerId) => void
  /** The founder began the mesh again, from an earlier epoch than the last one here. */
  readonly onElsewhere: () => void
  readonly nowMs: () => number
}

/** Devices that were asked lately because they spoke of an epoch to come, and how soon they are asked again. */
const ASKED_MAX = 256
const ASKED_AGAIN_MS = 500

export class MessageGate {
  readonly #rules: MessageGateRules
  readonly #askedAtMs = new RecentCache<PeerId, number>(ASKED_MAX)

  constructor(rules: MessageGateRules) {
    this.#rules = rules
  }

  /** Reads what `from` has sent; says only what becomes of it, where nothing is to be done. */
  hear(from: PeerId, data: Uint8Array): Heard | GossipFate {
    const { network, chain } = this.#rules
    const read = epochOfMessage(network, data)
    if (read.type === 'refused') return this.#refuse(from, read.code)
    const epoch = read.value
    if (epoch > chain.next) this.#ask(from)
    const committee = this.#committeeOf(epoch)
    if (committee === undefined) return 'ignore'
    const where = { network, epoch, committee }
    const decoded = decodeEpochMessage(where, data)
    if (decoded.type === 'refused') return this.#refuse(from, decoded.code)
    const { value: message } = decoded
    const problem = messageProblem(this.#rules.crypto, where, message)
    return problem === undefined
      ? { epoch, message }
      : this.#doubt(from, { where, message, problem })
  }

  /** Who decides an epoch, as far as that is known. */
  #committeeOf(epoch: number): Committee | undefined {
    const { next, committee, top, fold, restarting } = this.#rules.chain
    if (epoch === next) return committee
    if (epoch === next + 1 && restarting === undefined) return fold.committees.afterNext
    return epoch === top?.header.epoch ? top.committee : undefined
  }

  /** What is not by a seat may be by the founder alone, where it has begun the mesh again. */
  #doubt(
    from: PeerId,
    {
      where,
      message,
      problem,
    }: {
      readonly where: SeatedEpoch
      readonly message: EpochMessage
      readonly problem: EpochErrorCode
    },
  ): GossipFate {
    const { crypto, founder, chain, onElsewhere } = this.#rules
    const alone = { ...where, committee: [founder] }
    if (messageProblem(crypto, alone, message) !== undefined) return this.#refuse(from, problem)
    if (message.type === 'decision' && chain.isRestartedBy(message.decision)) onElsewhere()
    return 'ignore'
  }

  /** Whoever speaks of epochs to come may know more, or lie: it is asked, now and then. */
  #ask(from: PeerId): void {
    const { nowMs, follow } = this.#rules
    const now = nowMs()
    if (now - (this.#askedAtMs.get(from) ?? -Infinity) < ASKED_AGAIN_MS) return
    this.#askedAtMs.set(from, now)
    follow(from)
  }

  #refuse(from: PeerId, code: EpochErrorCode): GossipFate {
    this.#rules.refusals.note(from, code)
    return 'reject'
  }
}
