/**
 * Seats that are accused of amnesia, as epochs hold it: whoever is there and has no answer is at fault.
 *
 * An accusation in an epoch is a question to everybody. A polka that clears the accused may be in any later one,
 * whoever shows it; after so many epochs in which the accused spoke, and nobody did, it is a fault. It follows
 * from the cuts alone.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Accusation,
  type Committee,
  decodeAnswer,
  encodeAccusation,
  type EvidenceItem,
  isAnswer,
  type PolkaAnswer,
  verifyAccusation,
} from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import { isAccusation, isAmnesia } from './evidence-kinds.ts'
import type { PackedAccusations } from './fold-snapshot.ts'

/** An accusation that some epoch holds. */
export interface HeldAccusation {
  readonly accusation: Accusation
  /** SHA-256 of it. */
  readonly id: Uint8Array
  readonly state: 'open' | 'answered' | 'proven'
  /** Epochs in which the accused has spoken since. */
  readonly heard: number
}

/** What became of an item, or would. */
export type AmnesiaFate = 'counts' | 'known' | 'early' | 'invalid'

/** Accusations of one epoch, and answers; accusations of one seat, and of all, that are held. */
const PER_EPOCH_MAX = 8
const PER_SEAT_MAX = 16
const HELD_MAX = 256

export class Accusations {
  readonly #crypto: Crypto
  readonly #network: Uint8Array
  /** Who decided the epochs that votes may be accused of, and who decides the next one. */
  #committees = new Map<number, Committee>()
  #held = new Map<string, HeldAccusation>()
  #next = 0

  constructor(crypto: Crypto, network: Uint8Array) {
    this.#crypto = crypto
    this.#network = network
  }

  copy(): Accusations {
    const copy = new Accusations(this.#crypto, this.#network)
    copy.#committees = new Map(this.#committees)
    copy.#held = new Map(this.#held)
    copy.#next = this.#next
    return copy
  }

  /** All of it, to be kept. */
  pack(): PackedAccusations {
    return {
      next: this.#next,
      committees: [...this.#committees].map(([epoch, committee]) => ({ epoch, committee })),
      held: [...this.#held.values()].map(({ accusation, state, heard }) => ({
        proof: encodeAccusation(accusation),
        state,
        heard,
      })),
    }
  }

  /** The same again; undefined when an accusation in it is none. */
  static unpack(
    crypto: Crypto,
    network: Uint8Array,
    { next, committees, held }: PackedAccusations,
  ): Accusations | undefined {
    const made = new Accusations(crypto, network)
    made.#next = next
    for (const { epoch, committee } of committees) made.#committees.set(epoch, committee)
    for (const { proof, state, heard } of held) {
      const read = verifyAccusation(crypto.verify, proof)
      if (read.type === 'refused') return undefined
      const accusation = read.value
      made.#held.set(keyOf(accusation), { accusation, id: crypto.sha256(proof), state, heard })
    }
    return made
  }

  /** `epoch` comes next, and who decides it. */
  open(epoch: number, committee: Committee): void {
    this.#next = epoch
    this.#committees.set(epoch, committee)
    const oldest = epoch - TRUST_LIMITS.ACCUSED_EPOCHS_MAX
    const waiting = new Set(this.unanswered().map(({ accusation }) => accusation.epoch))
    for (const known of this.#committees.keys()) {
      if (known < oldest && !waiting.has(known)) this.#committees.delete(known)
    }
    for (const [key, { accusation, state }] of this.#held) {
      if (accusation.epoch < oldest && state !== 'open') this.#held.delete(key)
    }
  }

  /** Those that nobody has answered yet. */
  unanswered(): readonly HeldAccusation[] {
    return [...this.#held.values()].filter(({ state }) => state === 'open')
  }

  /** The committee of an epoch whose votes may be accused of; undefined for any other. */
  committeeOf(epoch: number): Committee | undefined {
    return this.#committees.get(epoch)
  }

  /** Whether an item would count in the next epoch. */
  fateOf(item: EvidenceItem): AmnesiaFate {
    if (!isAmnesia(item)) return 'invalid'
    return isAccusation(item) ? this.#fateOfAccusation(item.proof) : this.#fateOfAnswer(item.proof)
  }

  /**
   * Takes in what an epoch holds, in its order, and what follows from who has spoken in it.
   *
   * @returns accusations that are proven by now.
   */
  fold(items: readonly EvidenceItem[], spoken: ReadonlySet<PeerId>): readonly HeldAccusation[] {
    for (const [key, held] of this.#held) {
      const heard = held.heard + (spoken.has(held.accusation.accused) ? 1 : 0)
      if (held.state === 'open') this.#held.set(key, { ...held, heard })
    }
    this.takeAll(items)
    const proven: HeldAccusation[] = []
    for (const [key, held] of this.#held) {
      if (held.state !== 'open' || held.heard < TRUST_LIMITS.ANSWER_EPOCHS) continue
      this.#held.set(key, { ...held, state: 'proven' })
      proven.push(held)
    }
    return proven
  }

  /** Takes in those that count, and returns them. */
  takeAll(items: readonly EvidenceItem[]): readonly EvidenceItem[] {
    const left = { accusations: PER_EPOCH_MAX, answers: PER_EPOCH_MAX }
    return items.filter((item) => {
      const kind = isAccusation(item) ? 'accusations' : 'answers'
      if (left[kind] === 0 || this.fateOf(item) !== 'counts') return false
      left[kind]--
      if (kind === 'accusations') this.#hold(item.proof)
      else this.#answer(item.proof)
      return true
    })
  }

  #hold(proof: Uint8Array): void {
    const read = verifyAccusation(this.#crypto.verify, proof)
    if (read.type === 'refused') return
    const id = this.#crypto.sha256(proof)
    this.#held.set(keyOf(read.value), { accusation: read.value, id, state: 'open', heard: 0 })
  }

  #answer(proof: Uint8Array): void {
    const answer = decodeAnswer(proof)
    if (answer.type === 'refused') return
    for (const [key, held] of this.#held) {
      if (held.state === 'open' && this.#clears(held.accusation, answer.value)) {
        this.#held.set(key, { ...held, state: 'answered' })
      }
    }
  }

  #fateOfAccusation(proof: Uint8Array): AmnesiaFate {
    const read = verifyAccusation(this.#crypto.verify, proof)
    if (read.type === 'refused' || !bytesEqual(read.value.network, this.#network)) return 'invalid'
    const { epoch, accused } = read.value
    const committee = this.#committees.get(epoch)
    if (committee === undefined) return epoch > this.#next ? 'early' : 'known'
    if (!committee.includes(accused)) return 'invalid'
    const ofSeat = [...this.#held.values()].filter((held) => held.accusation.accused === accused)
    const full = ofSeat.length >= PER_SEAT_MAX || this.#held.size >= HELD_MAX
    return full || this.#held.has(keyOf(read.value)) ? 'known' : 'counts'
  }

  #fateOfAnswer(proof: Uint8Array): AmnesiaFate {
    const read = decodeAnswer(proof)
    if (read.type === 'refused') return 'invalid'
    if (!bytesEqual(read.value.network, this.#network)) return 'invalid'
    const asked = this.unanswered()
      .map(({ accusation }) => accusation)
      .filter(({ epoch }) => epoch === read.value.epoch)
    // One that answers nothing is not looked at: it may be of a committee that nobody knows any more.
    if (asked.length === 0) return 'known'
    return asked.some((accusation) => this.#clears(accusation, read.value)) ? 'counts' : 'invalid'
  }

  #clears(accusation: Accusation, { epoch, polka }: PolkaAnswer): boolean {
    const committee = this.#committees.get(accusation.epoch)
    return (
      epoch === accusation.epoch &&
      committee !== undefined &&
      isAnswer(this.#crypto.verify, committee, accusation, polka)
    )
  }
}

/** One pair of votes of one seat is one accusation. */
function keyOf({ epoch, accused, precommit, prevote }: Accusation): string {
  const values = `${toHex(precommit.value)} ${toHex(prevote.value)}`
  return `${epoch} ${accused} ${precommit.round} ${prevote.round} ${values}`
}
