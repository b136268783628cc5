/**
 * Seats that may have forgotten what they were bound by: asked about it, and cleared by whoever can.
 *
 * A seat that sees a change of mind without the polka for it waits until the epoch is decided, because polkas come late.
 * Then it tells everybody; whoever has a polka that clears the accused shows it, the accused first of all.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type Accusation,
  answersTo,
  type Certificate,
  decodeAnswer,
  decodeEvidenceItem,
  encodeAccusation,
  encodeAnswer,
  encodeEvidenceItem,
  type EvidenceItem,
  isAnswer,
  verifyAccusation,
} from '../../protocols/epoch/index.ts'
import type { Accusations } from './accusations.ts'
import { evidenceItem, isAccusation, isAmnesia } from './evidence-kinds.ts'
import { type KeptPolka, KeptPolkas } from './kept-polkas.ts'

export interface AmnesiaWatchRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  readonly logger: Logger
  /** Those that epochs hold, as of the last one. */
  readonly accusations: () => Accusations
  /** Tells everybody of an accusation or an answer. */
  readonly tell: (encoded: Uint8Array) => void
  /** Puts polkas on the disk. */
  readonly keep: (polkas: readonly KeptPolka[]) => void
}

/** Accusations that wait to be in an epoch, of all seats and of one, and votes of the present one to be asked about. */
const POOLED_MAX = 256
const POOLED_OF_SEAT_MAX = 4
const SUSPECTS_MAX = 32

export class AmnesiaWatch {
  readonly #rules: AmnesiaWatchRules
  readonly #polkas = new KeptPolkas()
  /** By the hash of the accusation. */
  readonly #pooled = new Map<string, { readonly item: EvidenceItem; readonly about: Accusation }>()
  #suspects: Accusation[] = []
  /** Rounds and epochs of polkas that were shown already. */
  readonly #shown = new Set<string>()

  constructor(rules: AmnesiaWatchRules) {
    this.#rules = rules
  }

  /** Reads what was kept. */
  restore(polkas: readonly KeptPolka[]): void {
    for (const { epoch, polka } of polkas) this.#polkas.note(epoch, [polka])
  }

  /** The machine of the present epoch saw votes that need a polka which it does not have. */
  suspect(accusation: Accusation): void {
    if (this.#suspects.length < SUSPECTS_MAX) this.#suspects.push(accusation)
  }

  /** An epoch was decided, and is folded; `polkas` are those of it, when it took more than one round. */
  decided(epoch: number, polkas: readonly Certificate[]): void {
    this.note(epoch, polkas)
    const suspects = this.#suspects
    this.#suspects = []
    for (const about of suspects) {
      const item = evidenceItem('accusation', encodeAccusation(about))
      if (this.#takeAccusation(item) !== 'new') continue
      this.#rules.logger.info('seat accused of amnesia', { peer: about.accused, epoch })
      this.#rules.tell(encodeEvidenceItem(item))
    }
    const unanswered = this.#rules.accusations().unanswered()
    for (const { accusation } of unanswered) this.#answer(accusation)
    this.#sweep(epoch, new Set(unanswered.map(({ accusation }) => accusation.epoch)))
  }

  /** Keeps polkas that hold, to answer with. */
  note(epoch: number, polkas: readonly Certificate[]): void {
    const fresh = this.#polkas.note(epoch, polkas)
    if (fresh.length > 0) this.#rules.keep(fresh.map((polka) => ({ epoch, polka })))
  }

  /** Takes what others tell; undefined when it is about something else. */
  take(encoded: Uint8Array): 'new' | 'known' | 'invalid' | undefined {
    const item = decodeEvidenceItem(encoded)
    if (item.type === 'refused' || !isAmnesia(item.value)) return undefined
    return isAccusation(item.value)
      ? this.#takeAccusation(item.value)
      : this.#takeAnswer(item.value)
  }

  /** Accusations and answers that are for the next epoch, in the order of a cut. */
  pending(): readonly EvidenceItem[] {
    const trying = this.#rules.accusations().copy()
    const accusing = [...this.#pooled.values()].map(({ item }) => item)
    const answers = new Map<string, EvidenceItem>()
    for (const { accusation } of trying.unanswered()) {
      const polka = this.#polkas.answerTo(accusation)
      if (polka === undefined) continue
      const item = this.#answerItem(accusation.epoch, polka)
      answers.set(toHex(item.proof), item)
    }
    return trying.takeAll([...answers.values(), ...accusing])
  }

  #takeAccusation(item: EvidenceItem): 'new' | 'known' | 'invalid' {
    const { crypto, accusations } = this.#rules
    const name = toHex(crypto.sha256(item.proof))
    if (this.#pooled.has(name)) return 'known'
    const fate = accusations().fateOf(item)
    if (fate !== 'counts') return fate === 'invalid' ? 'invalid' : 'known'
    const read = verifyAccusation(crypto.verify, item.proof)
    if (read.type === 'refused' || this.#answer(read.value)) return 'known'
    if (this.#isFull(read.value)) return 'known'
    this.#pooled.set(name, { item, about: read.value })
    return 'new'
  }

  /** Whoever changes its mind a thousand times makes nobody forget what another seat is asked. */
  #isFull({ accused }: Accusation): boolean {
    const ofSeat = [...this.#pooled.values()].filter(({ about }) => about.accused === accused)
    return ofSeat.length >= POOLED_OF_SEAT_MAX || this.#pooled.size >= POOLED_MAX
  }

  #takeAnswer({ proof }: EvidenceItem): 'new' | 'known' | 'invalid' {
    const { crypto, network, accusations } = this.#rules
    const read = decodeAnswer(proof)
    if (read.type === 'refused' || !bytesEqual(read.value.network, network)) return 'invalid'
    const { epoch, polka } = read.value
    const asked = [
      ...[...this.#pooled.values()].map(({ about }) => about),
      ...accusations()
        .unanswered()
        .map(({ accusation }) => accusation),
    ].find((one) => one.epoch === epoch && answersTo(one, polka))
    const committee = accusations().committeeOf(epoch)
    const isNews = asked !== undefined && this.#polkas.answerTo(asked) === undefined
    if (!isNews || committee === undefined) return 'known'
    if (!isAnswer(crypto.verify, committee, asked, polka)) return 'invalid'
    this.note(epoch, [polka])
    this.#sweepAnswered()
    return 'new'
  }

  /** Shows a polka that clears the accused, once; true when there is one. */
  #answer(accusation: Accusation): boolean {
    const polka = this.#polkas.answerTo(accusation)
    if (polka === undefined) return false
    const name = `${accusation.epoch} ${polka.round}`
    if (!this.#shown.has(name)) {
      this.#shown.add(name)
      this.#rules.tell(encodeEvidenceItem(this.#answerItem(accusation.epoch, polka)))
    }
    return true
  }

  #answerItem(epoch: number, polka: Certificate): EvidenceItem {
    const { network } = this.#rules
    return evidenceItem('answer', encodeAnswer({ network, epoch, polka }))
  }

  #sweep(epoch: number, asked: ReadonlySet<number>): void {
    this.#sweepAnswered()
    this.#polkas.sweep(epoch, asked)
    for (const [name, { item }] of this.#pooled) {
      if (this.#rules.accusations().fateOf(item) !== 'counts') this.#pooled.delete(name)
    }
    if (this.#pooled.size === 0 && asked.size === 0) this.#shown.clear()
  }

  #sweepAnswered(): void {
    for (const [name, { about }] of this.#pooled) {
      if (this.#polkas.answerTo(about) !== undefined) this.#pooled.delete(name)
    }
  }
}
