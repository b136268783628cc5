/**
 * What devices say of who owns them, until an epoch holds it: bounded for each of them.
 *
 * A binding takes the voices of two, which come in any order: they are put together here.
 *
 * @module
 */

import { compareBytes } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import {
  encodeOwnerWord,
  isInTime,
  isSameChange,
  isWhole,
  lastEpochOf,
  openOwnerWord,
  type Owners,
  type OwnerWord,
  TRUST_LIMITS,
} from '../../trust/index.ts'
import type { EpochChain } from './epoch-chain.ts'

/** A word that waits, with the voices that have come. */
export interface PooledWord {
  /** SHA-256 of what travels. */
  readonly id: Uint8Array
  readonly word: OwnerWord
  readonly encoded: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
}

export interface OwnerWordsRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  readonly chain: EpochChain
  readonly nowMs: () => number
}

/** Words that wait: in all, and bindings that one device has said alone to owners, or an owner to devices. */
const HELD_MAX = 1_024
const HALVES_OF_DEVICE_MAX = 4
const HALVES_OF_OWNER_MAX = TRUST_LIMITS.DOMAIN_DEVICES_MAX

export class OwnerWords {
  readonly #rules: OwnerWordsRules
  /** By what they are about. */
  readonly #held = new Map<string, PooledWord>()
  /** When the last epoch was decided, as far as this device knows; on the monotonic clock. */
  #decidedMs = 0

  constructor(rules: OwnerWordsRules) {
    this.#rules = rules
  }

  /** Everything that waits. */
  all(): readonly PooledWord[] {
    return [...this.#held.values()]
  }

  /** A word by the hash of what travels. */
  get(id: Uint8Array): PooledWord | undefined {
    return this.all().find((held) => compareBytes(held.id, id) === 0)
  }

  /** Takes a word, or a half of one, as it is gossiped. */
  take(encoded: Uint8Array): 'new' | 'known' | 'invalid' {
    const { crypto, network, nowMs } = this.#rules
    const id = crypto.sha256(encoded)
    if (this.get(id) !== undefined) return 'known'
    const opened = openOwnerWord(crypto.verify, network, encoded)
    if (opened.type === 'refused') return 'invalid'
    if (!this.#isOpen(opened.value)) return 'known'
    const name = nameOf(opened.value)
    const known = this.#held.get(name)
    if (known === undefined && this.#isFull(opened.value)) return 'known'
    const word = joined(known?.word, opened.value)
    const whole = encodeOwnerWord(word)
    const next = crypto.sha256(whole)
    if (known !== undefined && compareBytes(known.id, next) === 0) return 'known'
    this.#held.set(name, { id: next, word, encoded: whole, sinceMs: nowMs() })
    return 'new'
  }

  /** Those that count beside each other in the next epoch. */
  pending(owners: Owners = this.#rules.chain.fold.owners.copy()): readonly PooledWord[] {
    const { fold, next } = this.#rules.chain
    const whole = this.all().filter(({ word }) => isWhole(word))
    const counting = owners.take(
      whole.map(({ word }) => word),
      fold.ownerPlace(next),
    )
    return counting
      .slice(0, EPOCH_LIMITS.CUT_OWNERS_MAX)
      .flatMap((word) => whole.find((held) => held.word === word) ?? [])
  }

  /** True for a word of this device that will never count any more, or already does. */
  isOver(encoded: Uint8Array): boolean {
    const { crypto, network, chain } = this.#rules
    const opened = openOwnerWord(crypto.verify, network, encoded)
    if (opened.type === 'refused') return true
    const { device, number } = opened.value
    const counted = chain.fold.owners.tieOf(device)?.number ?? 0
    return number <= counted || lastEpochOf(opened.value) < chain.next
  }

  /**
   * True for a word that an epoch was decided without. Who says it says it again after each: a device that was an epoch
   * behind at first has it by then, and a cut that lacks it is unfair.
   */
  hasWaited({ sinceMs }: PooledWord): boolean {
    return sinceMs < this.#decidedMs
  }

  /** An epoch was decided: gives up what is in it, and what nobody is held to any more. */
  sweep(): void {
    this.#decidedMs = this.#rules.nowMs()
    for (const [name, { word }] of this.#held) if (!this.#isOpen(word)) this.#held.delete(name)
  }

  /** True for a word that may still count, as soon as the other voice is there, or the device is free. */
  #isOpen(word: OwnerWord): boolean {
    const { fold, next } = this.#rules.chain
    const { isKnown } = fold.ownerPlace(next)
    const tie = fold.owners.tieOf(word.device)
    const isNext = word.number === (tie?.number ?? 0) + 1
    const fits = word.binds ? tie?.owner === undefined : tie?.owner === word.owner
    return isNext && isInTime(word, next) && fits && isKnown(word.owner) && isKnown(word.device)
  }

  #isFull({ owner, device, binds, byOwner, byDevice }: OwnerWord): boolean {
    if (this.#held.size >= HELD_MAX) return true
    if (!binds) return false
    const bindings = this.all().map(({ word }) => word)
    const ofDevice = bindings.filter((word) => word.device === device && word.byOwner === undefined)
    const ofOwner = bindings.filter((word) => word.owner === owner && word.byDevice === undefined)
    return (
      (byOwner === undefined && ofDevice.length >= HALVES_OF_DEVICE_MAX) ||
      (byDevice === undefined && ofOwner.length >= HALVES_OF_OWNER_MAX)
    )
  }
}

function nameOf({ owner, device, binds }: OwnerWord): string {
  return `${owner} ${device} ${String(binds)}`
}

/** The voices of two about the same; each of them as it may be held to it longest. */
function joined(known: OwnerWord | undefined, word: OwnerWord): OwnerWord {
  if (known === undefined || !isSameChange(known, word)) return word
  if (!word.binds) return lastEpochOf(word) > lastEpochOf(known) ? word : known
  const later = (side: 'byOwner' | 'byDevice'): OwnerWord['byOwner'] =>
    (word[side]?.until ?? -1) > (known[side]?.until ?? -1) ? word[side] : known[side]
  return { ...word, byOwner: later('byOwner'), byDevice: later('byDevice') }
}
