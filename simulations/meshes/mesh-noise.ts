/**
 * Liars that say more than others: what was said before, what nobody can read, proofs against whom they like, and
 * questions without an end.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { peerIdOf } from '../../core/peer-key.ts'
import type { EpochNetwork, Said } from './mesh-port.ts'
import { reconcileProtocol } from '../../node/epoch/pool-sync.ts'
import { epochProtocol } from '../../node/epoch/epoch-links.ts'
import { evidenceItem } from '../../node/epoch/evidence-kinds.ts'
import { openQuestions } from '../../node/witness/question-link.ts'
import {
  type DoubleVote,
  encodeDoubleVote,
  encodeEpochMessage,
  encodeEvidenceItem,
  encodeToldStatement,
  EPOCH_LIMITS,
  signBallot,
} from '../../protocols/epoch/index.ts'
import { domainIdOf, signStatement } from '../../trust/index.ts'
import { below, someOf } from '../faults.ts'
import { BentPort, type LiarInit } from './bent-port.ts'

const TOPICS = [
  EPOCH_LIMITS.STATEMENTS_TOPIC,
  EPOCH_LIMITS.VOTES_TOPIC,
  EPOCH_LIMITS.DECISIONS_TOPIC,
  EPOCH_LIMITS.EVIDENCE_TOPIC,
  EPOCH_LIMITS.CONSENTS_TOPIC,
  EPOCH_LIMITS.OWNERS_TOPIC,
  EPOCH_LIMITS.AUDITS_TOPIC,
]

/** Messages that are remembered, and said at once. */
const HEARD_MAX = 512
const AT_ONCE = 16
/** Bursts of noise in an epoch; of questions, each of which is more work, fewer. */
const BURSTS = 6
const BURSTS_OF_QUESTIONS = 2
/** Questions over one link. */
const QUESTIONS = 4
/** Keys that nobody has: their numbers begin here. */
const MADE_UP = 10_000
const MADE_UP_AT_ONCE = 24

/** Remembers what it hears. */
abstract class Listener extends BentPort {
  protected readonly heard: Said[] = []

  constructor(init: LiarInit, bursts = BURSTS) {
    super(init)
    this.every(this.world.plan.epochMs / bursts, () => this.burst())
  }

  override subscribe(...[topic, check, listener]: Parameters<EpochNetwork['subscribe']>): void {
    const heard: typeof check = (message) => {
      const { from } = message
      if (this.heard.length < HEARD_MAX) this.heard.push({ from, topic, data: message.data })
      else this.heard[below(this.world.random, HEARD_MAX)] = { from, topic, data: message.data }
      return check(message)
    }
    super.subscribe(topic, heard, listener)
  }

  protected abstract burst(): void
}

/** Says again what others said in earlier epochs, in their name, and what they say in another mesh. */
export class Replayer extends Listener {
  protected burst(): void {
    for (const said of someOf(this.world.random, this.heard, AT_ONCE)) this.port.spread(said)
    const epoch = this.member.chain?.next ?? 0
    const { signer } =
      this.world.members[below(this.world.random, this.world.members.length)] ?? this.member
    const elsewhere = { network: this.world.crypto.sha256(utf8('another mesh')), epoch }
    const ballot = { kind: 'prevote' as const, round: 0, value: this.world.random.bytes(32) }
    const vote = { ...ballot, seat: 0, signature: signBallot(signer, elsewhere, ballot) }
    for (const context of [elsewhere, { ...elsewhere, network: this.world.roster.network }]) {
      const data = encodeEpochMessage(context, { type: 'vote', vote })
      this.port.spread({ from: this.self, topic: EPOCH_LIMITS.VOTES_TOPIC, data })
    }
  }
}

/** Says what nobody can read: bytes of no meaning, messages with a bit turned or cut short, keys of small order. */
export class Babbler extends Listener {
  protected burst(): void {
    const { random } = this.world
    const { self: from } = this
    for (const { topic, data } of someOf(random, this.heard, AT_ONCE)) {
      this.port.spread({ from, topic, data: this.#damaged(data) })
    }
    for (const topic of TOPICS) {
      this.port.spread({ from, topic, data: random.bytes(below(random, 400)) })
    }
    this.port.spread({ from, topic: EPOCH_LIMITS.STATEMENTS_TOPIC, data: this.#ofSmallOrder() })
  }

  #damaged(data: Uint8Array): Uint8Array {
    const { random } = this.world
    if (random.fraction() < 0.3) return data.slice(0, below(random, data.length + 1))
    if (random.fraction() < 0.2) return concatBytes([data, random.bytes(1 + below(random, 8))])
    const turned = Uint8Array.from(data)
    const at = below(random, turned.length)
    turned[at] = (turned[at] ?? 0) ^ (1 << below(random, 8))
    return turned
  }

  /** A statement by the neutral element, for which anything verifies where it is not refused. */
  #ofSmallOrder(): Uint8Array {
    const owner = peerIdOf(Uint8Array.of(1, ...new Uint8Array(31)))
    const { network } = this.world.roster
    const domain = domainIdOf(this.world.crypto.sha256, { network, owner })
    const epoch = this.member.chain?.next ?? 0
    const words = { network, epoch, domain, heads: [], provided: [], consumed: [], onion: domain }
    const { body } = signStatement(this.member.signer, words)
    const signature = new Uint8Array(64)
    signature[0] = 1
    return encodeToldStatement({
      stated: { owner, signed: { body, signature } },
      credential: this.world.roster.credentialOf(this.self),
    })
  }
}

/** Has proofs against keys that it made up, and against others that signed nothing of the kind. */
export class Slanderer extends Listener {
  #made = 0

  protected burst(): void {
    for (let one = 0; one < MADE_UP_AT_ONCE; one++) {
      const proof = encodeDoubleVote(this.#doubleVote(MADE_UP + this.#made++))
      const data = encodeEvidenceItem(evidenceItem('double-vote', proof))
      this.port.spread({ from: this.self, topic: EPOCH_LIMITS.EVIDENCE_TOPIC, data })
    }
    for (const { signer } of this.world.honest) {
      const proof = encodeDoubleVote({ ...this.#doubleVote(MADE_UP), accused: signer.peer })
      const data = encodeEvidenceItem(evidenceItem('double-vote', proof))
      this.port.spread({ from: this.self, topic: EPOCH_LIMITS.EVIDENCE_TOPIC, data })
    }
  }

  #doubleVote(number: number): DoubleVote {
    const signer = this.world.signerOf(number)
    const { network } = this.world.roster
    const context = { network, epoch: Math.max(0, (this.member.chain?.next ?? 1) - 1) }
    const voted = (byte: number): DoubleVote['one'] => {
      const value = new Uint8Array(32).fill(byte)
      const ballot = { kind: 'prevote' as const, round: 0, value }
      return { value, signature: signBallot(signer, context, ballot) }
    }
    return {
      ...context,
      accused: signer.peer,
      precommit: 0,
      round: 0,
      one: voted(1),
      other: voted(2),
    }
  }
}

/** Asks all it may, all the time, and compares sets that never come to an end. */
export class Flooder extends Listener {
  constructor(init: LiarInit) {
    super(init, BURSTS_OF_QUESTIONS)
  }

  protected burst(): void {
    for (const peer of this.port.connected()) {
      for (let link = 0; link < AT_ONCE; link++) void this.#ask(peer).catch(() => undefined)
      for (let link = 0; link < AT_ONCE; link++) void this.#compare(peer).catch(() => undefined)
    }
  }

  async #ask(peer: PeerId): Promise<void> {
    await using link = await openQuestions(
      { network: this, clock: this.clock },
      peer,
      epochProtocol,
    )
    const { random } = this.world
    for (let question = 0; question < QUESTIONS; question++) {
      const ids = Array.from({ length: EPOCH_LIMITS.ITEMS_PER_ANSWER_MAX }, () => random.bytes(32))
      await link.ask({ type: 'items', ids })
      await link.ask({ type: 'epochs', from: 0 })
      await link.ask({ type: 'cut', header: random.bytes(32) })
    }
  }

  async #compare(peer: PeerId): Promise<void> {
    await using link = await openQuestions(
      { network: this, clock: this.clock },
      peer,
      reconcileProtocol,
    )
    const { random } = this.world
    for (let question = 0; question < QUESTIONS; question++) {
      const message = random.bytes(1 + below(random, 2_000))
      await link.ask({ set: question % 2 === 0 ? 'statements' : 'evidence', message })
    }
  }
}
