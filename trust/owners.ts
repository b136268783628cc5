/**
 * Which device belongs to the domain of which, as the epochs say: the same table for everybody.
 *
 * A word in the cut of an epoch holds from {@link OWNER_EPOCHS} later on, so that whoever tells of work, draws
 * auditors or gives seats knows it before it holds. A domain is one level deep, and a device changes once a day:
 * a day of its work stands with one owner, or partly with the one that it left.
 *
 * @module
 */

import { compareBytes } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import {
  DOMAIN_DEVICES_MAX,
  EPOCHS_PER_DAY,
  OWNER_EPOCHS,
  OWNER_WORD_EPOCHS_MAX,
} from './limits.ts'
import { encodeOwnerWord, isWhole, lastEpochOf, type OwnerWord } from './owner-word.ts'

/** What is known of a device that ever changed its owner. */
export interface Tie {
  readonly device: PeerId
  /** Changes so far. */
  readonly number: number
  /** Whose it is from `since` on; undefined for its own. */
  readonly owner: PeerId | undefined
  readonly since: number
  /** Whose it was before; undefined for its own. */
  readonly before: PeerId | undefined
}

/** Why a word does not count in an epoch. */
export type OwnerProblem =
  /** It is said by too few, is not the next word about its device, or is too old, or not yet to be said. */
  | 'half'
  | 'number'
  | 'late'
  /** The owner or the device has never spoken. */
  | 'unknown'
  /** Trust starts at the device. */
  | 'anchor'
  /** An earlier change does not hold yet, or held for less than a day. */
  | 'changing'
  | 'early'
  /** The device has an owner, or has not this one. */
  | 'bound'
  | 'not-bound'
  /** The owner has one itself; the device has devices; the domain is full. */
  | 'owner-bound'
  | 'owns'
  | 'full'

/** The epoch whose cut a word is in, and what is known of devices then. */
export interface OwnerPlace {
  readonly epoch: number
  /** True for a device that has spoken in an epoch. */
  readonly isKnown: (device: PeerId) => boolean
  readonly isAnchor: (device: PeerId) => boolean
}

/** When work was settled, and the epoch in whose statement it is told. */
export interface ToldWork {
  readonly settled: number
  readonly told: number
}

export class Owners {
  readonly #ties: Map<PeerId, Tie>

  constructor(ties: readonly Tie[] = []) {
    this.#ties = new Map(ties.map((tie) => [tie.device, tie]))
  }

  /** The same, to go on with on its own. */
  copy(): Owners {
    return new Owners(this.ties)
  }

  /** All of it. */
  get ties(): readonly Tie[] {
    return [...this.#ties.values()]
  }

  /** What is known of a device; undefined for one that never changed its owner. */
  tieOf(device: PeerId): Tie | undefined {
    return this.#ties.get(device)
  }

  /** Who speaks for a device in an epoch, as far back as its last change: itself, or its owner. */
  speakerOf(device: PeerId, epoch: number): PeerId {
    const tie = this.#ties.get(device)
    if (tie === undefined) return device
    return (epoch < tie.since ? tie.before : tie.owner) ?? device
  }

  /**
   * Who tells of work that a device had part in: its owner tells of the whole day, and goes on to tell of what was
   * settled before the device left.
   */
  tellerOf(device: PeerId, { settled, told }: ToldWork): PeerId {
    const tie = this.#ties.get(device)
    const hasLeft = tie !== undefined && tie.owner === undefined && told >= tie.since
    return hasLeft && settled < tie.since ? (tie.before ?? device) : this.speakerOf(device, told)
  }

  /** The devices that somebody speaks for in an epoch, beside itself. */
  devicesOf(owner: PeerId, epoch: number): readonly PeerId[] {
    return this.ties
      .map(({ device }) => device)
      .filter((device) => device !== owner && this.speakerOf(device, epoch) === owner)
  }

  /** Why a word does not count in a cut; undefined when it does. */
  problemOf(word: OwnerWord, place: OwnerPlace): OwnerProblem | undefined {
    const { epoch } = place
    const tie = this.#ties.get(word.device)
    if (!isWhole(word)) return 'half'
    if (word.number !== (tie?.number ?? 0) + 1) return 'number'
    if (!isInTime(word, epoch)) return 'late'
    if (tie !== undefined && tie.since > epoch) return 'changing'
    if (!word.binds) return tie?.owner === word.owner ? undefined : 'not-bound'
    return tieProblem(tie, epoch) ?? this.#bindingProblem(word, place)
  }

  /** Takes those words of a cut that count, and returns them: their order in it does not matter. */
  take(words: readonly OwnerWord[], place: OwnerPlace): readonly OwnerWord[] {
    const keyed = words.map((word) => ({ word, key: encodeOwnerWord(word) }))
    const ordered = keyed.toSorted((a, b) => compareBytes(a.key, b.key)).map(({ word }) => word)
    return ordered.filter((word) => {
      if (this.problemOf(word, place) !== undefined) return false
      const { device, number, binds, owner } = word
      const since = place.epoch + OWNER_EPOCHS
      const [from, to] = binds ? [undefined, owner] : [owner, undefined]
      this.#ties.set(device, { device, number, owner: to, since, before: from })
      return true
    })
  }

  /** Changes that begin to hold after one epoch, and by another. */
  turningIn(after: number, by: number): readonly Tie[] {
    return this.ties.filter(({ since }) => since > after && since <= by)
  }

  #bindingProblem({ owner, device }: OwnerWord, place: OwnerPlace): OwnerProblem | undefined {
    const { epoch, isKnown, isAnchor } = place
    if (!isKnown(owner) || !isKnown(device)) return 'unknown'
    if (isAnchor(device)) return 'anchor'
    const above = this.#ties.get(owner)
    if (above !== undefined && (above.owner !== undefined || above.since > epoch)) {
      return 'owner-bound'
    }
    if (this.#heldBy(device, epoch) > 0) return 'owns'
    return this.#heldBy(owner, epoch) >= DOMAIN_DEVICES_MAX - 1 ? 'full' : undefined
  }

  /** Devices that belong to somebody now, or will. */
  #heldBy(owner: PeerId, epoch: number): number {
    return this.ties.filter(
      (tie) => tie.owner === owner || (tie.since > epoch && tie.before === owner),
    ).length
  }
}

/** True while who says a word is held to it. */
export function isInTime(word: OwnerWord, epoch: number): boolean {
  const last = lastEpochOf(word)
  return last >= epoch && last <= epoch + OWNER_WORD_EPOCHS_MAX
}

/** Why a device cannot be bound, by what it was last. */
function tieProblem(tie: Tie | undefined, epoch: number): OwnerProblem | undefined {
  if (tie === undefined) return undefined
  if (tie.owner !== undefined) return 'bound'
  return epoch - tie.since < EPOCHS_PER_DAY ? 'early' : undefined
}
