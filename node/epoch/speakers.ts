/**
 * Devices that were heard of in epochs: when last, and what their hardware was found to be worth.
 *
 * It follows from the cuts alone; a mesh that sleeps forgets nobody.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { floorMicros, TRUST_LIMITS } from '../../trust/index.ts'
import type { HardwareFloor } from './attested-floors.ts'
import type { PackedSpeakers } from './fold-snapshot.ts'

/** A device that has spoken. */
export interface Speaker {
  readonly owner: PeerId
  /** The latest epoch that it made a statement of. */
  readonly epoch: number
  /** Lively epochs that were folded when it last spoke. */
  readonly lively: number
  /** What its hardware was found to be worth, and when. */
  readonly floorMicros: number
  /** Who made it; '' where nobody has seen any. */
  readonly vendor: string
  readonly floorEpoch: number
}

/** The id of the domain that a device has for itself. */
type DomainOf = (device: PeerId) => Uint8Array

/** Lively epochs that a seat may be silent in before it is given to another. */
const SILENT_EPOCHS_MAX = 12
/** Epochs that a device has a score after its last word: a day. */
const SCORED_EPOCHS = TRUST_LIMITS.EPOCHS_PER_DAY
/** Epochs that evidence of hardware counts after it was seen. */
const FLOOR_EPOCHS = 36
/** What its word alone gives a device. */
const WORD_MICROS = floorMicros({
  tier: 'self',
  secureBoot: false,
  tpmBesideTee: false,
  measuredBuild: false,
})

export class Speakers {
  readonly #domainOf: DomainOf
  /** By domain. */
  readonly #all: Map<string, Speaker>
  /** Epochs in which more than half of the seats spoke. */
  #lively: number

  constructor(domainOf: DomainOf, { speakers, lively }: PackedSpeakers = NOBODY) {
    this.#domainOf = domainOf
    this.#all = new Map(speakers.map((one) => [toHex(domainOf(one.owner)), one]))
    this.#lively = lively
  }

  /** The same, to go on with on its own. */
  copy(): Speakers {
    const copy = new Speakers(this.#domainOf)
    for (const [key, speaker] of this.#all) copy.#all.set(key, speaker)
    copy.#lively = this.#lively
    return copy
  }

  /** All of it, to be kept. */
  pack(): PackedSpeakers {
    return { speakers: this.all(), lively: this.#lively }
  }

  /** Everybody, in the order in which they were heard of first. */
  all(): readonly Speaker[] {
    return [...this.#all.values()]
  }

  /** The latest epoch that a domain made a statement of which is in; -1 for none. */
  latestOf(domain: Uint8Array): number {
    return this.#all.get(toHex(domain))?.epoch ?? -1
  }

  /** What the hardware of a device is worth in epoch `now`, and who made it: nobody, where it is the word of the device. */
  hardwareOf(device: PeerId, now: number): HardwareFloor {
    const speaker = this.#all.get(toHex(this.#domainOf(device)))
    const counts = speaker !== undefined && now - speaker.floorEpoch <= FLOOR_EPOCHS
    return counts
      ? { micros: speaker.floorMicros, vendor: speaker.vendor }
      : { micros: WORD_MICROS, vendor: '' }
  }

  /** Those who spoke so lately, as of epoch `now`, that audits are drawn from them. */
  latelyIn(now: number): readonly PeerId[] {
    return this.#since(now - TRUST_LIMITS.LATE_EPOCHS_MAX)
  }

  /** Those who have a score in epoch `now`. */
  scoredIn(now: number): readonly PeerId[] {
    return this.#since(now - SCORED_EPOCHS)
  }

  /** Those who may have seats: they were not silent while most of the others spoke. */
  present(): readonly PeerId[] {
    return this.all()
      .filter(({ lively }) => this.#lively - lively <= SILENT_EPOCHS_MAX)
      .map(({ owner }) => owner)
  }

  /** So many of the seats of an epoch have spoken in its cut; before those who did are heard. */
  noteSeats(spoken: number, seats: number): void {
    if (2 * spoken > seats) this.#lively++
  }

  /** A device spoke of `epoch`, in the cut of epoch `now`. */
  hear(device: PeerId, epoch: number, now: number): void {
    const key = toHex(this.#domainOf(device))
    const before = this.#all.get(key)
    this.#all.set(key, {
      owner: device,
      epoch: Math.max(epoch, before?.epoch ?? epoch),
      lively: this.#lively,
      floorMicros: before?.floorMicros ?? WORD_MICROS,
      vendor: before?.vendor ?? '',
      floorEpoch: before?.floorEpoch ?? now,
    })
  }

  /** The hardware of a device was seen, in epoch `now`; of one that never spoke, nobody asks. */
  see(device: PeerId, seen: Pick<Speaker, 'floorMicros' | 'vendor'>, now: number): void {
    const key = toHex(this.#domainOf(device))
    const speaker = this.#all.get(key)
    if (speaker === undefined) return
    this.#all.set(key, { ...speaker, ...seen, floorEpoch: now })
  }

  /** Seats go to those that speak from now on. */
  forgetSeats(): void {
    this.#lively += SILENT_EPOCHS_MAX + 1
  }

  #since(epoch: number): readonly PeerId[] {
    return this.all()
      .filter((one) => one.epoch >= epoch)
      .map(({ owner }) => owner)
  }
}

const NOBODY: PackedSpeakers = { speakers: [], lively: 0 }
