/**
 * All that has come and is in no epoch yet: statements, proofs, audits, words about owners, and what seats are asked.
 *
 * @module
 */

import { bytesEqual, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Certificate,
  type Consent,
  decodeVoteRecord,
  encodeConsent,
  encodeEvidenceItem,
  EPOCH_LIMITS,
} from '../../protocols/epoch/index.ts'
import { encodeOwnerWord, type OwnerWord } from '../../trust/index.ts'
import { AmnesiaWatch } from './amnesia-watch.ts'
import { AuditPool } from './audit-pool.ts'
import { Consents } from './consents.ts'
import type { EpochChain } from './epoch-chain.ts'
import type { EpochRoomComponents } from './epoch-room-types.ts'
import { epochAt, type EpochCalendar } from './epoch-time.ts'
import { evidenceItem, fateOfProof } from './evidence-kinds.ts'
import { type EvidenceFate, EvidencePool } from './evidence-pool.ts'
import { Farewells } from './farewells.ts'
import { OwnerWords } from './owner-words.ts'
import { senderOf } from './senders.ts'
import { type StatementFate, StatementPool } from './statement-pool.ts'

export type EpochPoolsComponents = Pick<
  EpochRoomComponents,
  'clock' | 'crypto' | 'logger' | 'store' | 'isMember' | 'provesMembership' | 'publish'
> & {
  /** Has something done that nobody waits for. A disk that refuses ends the daemon. */
  readonly beside: (work: () => Promise<unknown>) => void
}

export interface EpochPoolsInit {
  readonly network: Uint8Array
  readonly calendar: EpochCalendar
  readonly chain: EpochChain
}

export class EpochPools {
  readonly statements: StatementPool
  readonly evidence: EvidencePool
  readonly audits: AuditPool
  readonly amnesia: AmnesiaWatch
  readonly consents: Consents
  readonly farewells: Farewells
  readonly owners: OwnerWords
  readonly #components: EpochPoolsComponents
  readonly #chain: EpochChain
  /** What this device says of who owns it, or whom it owns: kept, and told until it is in an epoch, or too old. */
  async say(word: OwnerWord): Promise<void> {
    const encoded = encodeOwnerWord(word)
    await this.#components.store.keepOwnerWord(this.#components.crypto.sha256(encoded), encoded)
    this.owners.take(encoded)
    this.#components.publish(EPOCH_LIMITS.OWNERS_TOPIC, encoded)
  }

  /** Says own words about owners again, and gives up those that are in, or too old. */
  async tellOwners(): Promise<void> {
    const { store, crypto, publish } = this.#components
    for (const encoded of await store.ownerWords()) {
      if (this.owners.isOver(encoded)) await store.dropOwnerWord(crypto.sha256(encoded))
      else {
        this.owners.take(encoded)
        publish(EPOCH_LIMITS.OWNERS_TOPIC, encoded)
      }
    }
  }

  /** What this device wants the parameters to be, as it is told. */
  #own: Uint8Array | undefined

  constructor(components: EpochPoolsComponents, { network, calendar, chain }: EpochPoolsInit) {
    const { clock, crypto, logger, store, provesMembership, publish } = components
    this.#components = components
    this.#chain = chain
    const nowMs = (): number => clock.monotonicMs()
    const latestEpoch = (): number =>
      epochAt(calendar, clock.wallMs() + EPOCH_LIMITS.CUT_SKEW_MS_MAX) - 1
    this.statements = new StatementPool({
      crypto,
      network,
      provesMembership,
      nowMs,
      latestEpoch,
      latestIn: (domain) => chain.fold.latestOf(domain),
      speakerOf: (device, epoch) => chain.fold.owners.speakerOf(device, epoch),
      deciding: () => chain.next,
    })
    this.evidence = new EvidencePool({
      crypto,
      network,
      nowMs,
      keep: (id, encoded) => components.beside(() => store.keepEvidence(id, encoded)),
      drop: (ids) => components.beside(() => store.dropEvidence(ids)),
      isIn: (proven) => chain.fold.isProven(proven),
      fateOf: (proven) => fateOfProof(proven, chain.fold),
      isHeard: (device) => this.statements.isHeard(device),
    })
    this.audits = new AuditPool({
      sha256: crypto.sha256,
      reader: chain.fold.reader,
      counted: () => chain.fold.audits,
      nowMs,
    })
    this.consents = new Consents({ crypto, network, chain })
    this.farewells = new Farewells({
      sha256: crypto.sha256,
      departures: () => chain.fold.departures,
      deciding: () => chain.next,
      latestEpoch,
      keep: (device, encoded) =>
        components.beside(() => store.keepFarewell(crypto.sha256(utf8(device)), encoded)),
      nowMs,
    })
    this.owners = new OwnerWords({ crypto, network, chain, nowMs })
    this.amnesia = new AmnesiaWatch({
      crypto,
      network,
      logger,
      accusations: () => chain.fold.accusations,
      tell: (encoded) => publish(EPOCH_LIMITS.EVIDENCE_TOPIC, encoded),
      keep: (polkas) => components.beside(() => store.keepPolkas(polkas)),
    })
  }

  /** Reads what an earlier life kept. */
  async restore(): Promise<void> {
    const { store } = this.#components
    this.amnesia.restore(await store.polkas())
    this.#own = await store.consent()
    const votes = await store.votes()
    const record = votes === undefined ? undefined : decodeVoteRecord(votes)
    if (record !== undefined) this.amnesia.note(record.epoch, record.answers)
  }

  /** Reads proofs and words of who leaves that an earlier life kept: what they are worth, the epochs that are in say. */
  async restoreTold(): Promise<void> {
    const { store } = this.#components
    for await (const page of store.evidence()) this.evidence.restore(page)
    this.farewells.restore(await store.farewells())
  }

  /** Takes a statement, as it is gossiped; says what came of it. */
  takeStatement(data: Uint8Array): StatementFate {
    const fate = this.statements.take(data)
    if (fate.type === 'forked')
      this.report(encodeEvidenceItem(evidenceItem('statement-fork', fate.proof)))
    return fate
  }

  /** Keeps a proof that was found here, and tells the others. */
  report(encoded: Uint8Array): void {
    if (this.evidence.take(encoded) !== 'new') return
    this.#components.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, encoded)
  }

  /** Takes the word of a device that leaves and tells it to this one, and tells the others; true when it is known now. */
  hearFarewell(word: Uint8Array): boolean {
    const encoded = encodeEvidenceItem(evidenceItem('farewell', word))
    if (this.farewells.take(encoded) === 'new') {
      this.#components.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, encoded)
    }
    return this.farewells.isKnown(encoded)
  }

  /** Takes a proof, an accusation, an answer or the word of who leaves, as `from` tells it. */
  takeEvidence(from: PeerId, encoded: Uint8Array): EvidenceFate {
    const other = this.amnesia.take(encoded) ?? this.farewells.take(encoded)
    return other ?? this.evidence.take(encoded, senderOf(from, this.#components.isMember))
  }

  /** Takes an audit that this device had done, and tells the others. */
  reportAudit(encoded: Uint8Array): void {
    const fate = this.audits.take(encoded)
    if (fate === 'new') this.#components.publish(EPOCH_LIMITS.AUDITS_TOPIC, encoded)
    else this.#components.logger.debug('audit not told', { fate })
  }

  /** What this device wants the parameters to be from now on: kept, and told until they change, or it is too old. */
  async want(consent: Consent): Promise<void> {
    const encoded = encodeConsent(consent)
    await this.#components.store.keepConsent(encoded)
    this.#own = encoded
    this.#tellOwn(encoded)
  }

  #tellOwn(encoded: Uint8Array): void {
    this.consents.take(encoded)
    // Also that it wants nothing else any more: others hold it to what it said before.
    const counts = this.consents.all().some((one) => bytesEqual(encodeConsent(one), encoded))
    if (counts) this.#components.publish(EPOCH_LIMITS.CONSENTS_TOPIC, encoded)
    else this.#own = undefined
  }

  /** An epoch is folded: notes what it holds, and gives up what is in. */
  noteDecided(polkas: readonly Certificate[]): void {
    const epoch = this.#chain.next - 1
    this.amnesia.decided(epoch, polkas)
    // Before statements are given up: a proof may be against who is heard in the next epoch.
    this.evidence.sweep()
    this.statements.sweep()
    this.audits.sweep()
    this.consents.sweep()
    this.farewells.sweep()
    this.owners.sweep()
    if (this.#own !== undefined) this.#tellOwn(this.#own)
  }
}
