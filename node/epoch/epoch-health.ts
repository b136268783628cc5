/**
 * What is wrong with this device, as far as the epochs of its mesh tell: its clock, its disk, its fold.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Committee,
  decodeHeader,
  type Decision,
  EPOCH_LIMITS,
  type EpochErrorCode,
  type Standpoint,
} from '../../protocols/epoch/index.ts'
import { CutClock } from './cut-clock.ts'
import { type EpochCalendar, settledMs, timeoutsOf } from './epoch-time.ts'

/** Something that its owner should look at. */
export interface EpochProblem {
  readonly code: EpochErrorCode
  readonly facts: Readonly<Record<string, number>>
}

export interface EpochHealthInit {
  readonly clock: Clock
  readonly calendar: EpochCalendar
  readonly self: PeerId
}

/** Who decides, and the order in which they propose. */
interface Seats {
  readonly committee: Committee
  readonly order: readonly number[]
}

/** What the disk has changed: an epoch that was decided, what this device said of one, or what it voted for. */
export type DamagedRow = keyof typeof DAMAGES

/** What each is called among the facts. */
const DAMAGES = {
  epoch: 'damagedEpoch',
  statement: 'damagedStatement',
  cut: 'damagedCut',
} as const

/** Votes that were written down last, all of which have to be slow. */
const WRITES_MIN = 4
/** A vote that takes no longer to be written down is never called slow. */
const WRITE_MS_HARMLESS = 500
/** An offset of a clock that others do not notice, whatever the length of an epoch. */
const CLOCK_MS_HARMLESS = 250
/** With less than this left on the disk, its owner is told: a daemon whose disk is full ends. */
export const DISK_FREE_BYTES_MIN = 268_435_456

export class EpochHealth {
  readonly #init: EpochHealthInit
  readonly #cuts = new CutClock()
  readonly #damaged = new Map<DamagedRow, number>()
  #others = 0
  #epoch = -1
  /** How long votes took to be on the disk, in ms, the latest first. */
  #writes: readonly number[] = []
  #freeBytes = Infinity
  #standpoint: Standpoint | undefined
  #mismatch: number | undefined
  #elsewhere: number | undefined

  constructor(init: EpochHealthInit) {
    this.#init = init
  }

  /** The committee of the next epoch has just decided: in its first round, the time of the cut is that of its proposer. */
  noteDecided({ value, certificate }: Decision, { committee, order }: Seats): void {
    const header = decodeHeader(value)
    const others = committee.filter((seat) => seat !== this.#init.self)
    const by = others.find((seat) => seat === committee[order[0] ?? 0])
    if (header.type === 'refused' || certificate.round > 0 || by === undefined) return
    const { epoch, cutWallMs } = header.value
    // Until it is known what is in it, a decision is told again.
    if (epoch === this.#epoch) return
    this.#epoch = epoch
    this.#others = others.length
    this.#cuts.note(by, this.#init.clock.wallMs() - cutWallMs)
  }

  /** What this device may do in the epoch that begins; true when it may no longer vote. */
  noteStandpoint(standpoint: Standpoint): boolean {
    const before = this.#standpoint?.type
    this.#standpoint = standpoint
    return standpoint.type === 'abstains' && before !== 'abstains'
  }

  /** The roots of an epoch that was decided are not what this device comes to; undefined when they are again. */
  noteMismatch(epoch: number | undefined): void {
    this.#mismatch = epoch
  }

  /** The founder began the mesh again, from an earlier epoch than the last one here. */
  noteElsewhere(epoch: number): void {
    this.#elsewhere = epoch
  }

  /** A row about `epoch` is not what this device had written. */
  noteDamage(row: DamagedRow, epoch: number): void {
    this.#damaged.set(row, epoch)
  }

  /** So much is left on the disk. */
  noteFree(bytes: number): void {
    this.#freeBytes = bytes
  }

  /** Writes votes down, and notes how long it takes. */
  async timed<T>(write: () => Promise<T>): Promise<T> {
    const { clock } = this.#init
    const fromMs = clock.monotonicMs()
    const written = await write()
    const tookMs = clock.monotonicMs() - fromMs
    this.#writes = [tookMs, ...this.#writes].slice(0, WRITES_MIN)
    return written
  }

  get problems(): readonly EpochProblem[] {
    return [...this.#ofDisk(), ...this.#ofClock(), ...this.#ofMesh()]
  }

  *#ofDisk(): Generator<EpochProblem> {
    for (const [row, epoch] of this.#damaged) {
      yield { code: 'EPOCH_DISK_DAMAGED', facts: { [DAMAGES[row]]: epoch } }
    }
    if (this.#freeBytes < DISK_FREE_BYTES_MIN) {
      yield { code: 'EPOCH_DISK_FULL', facts: { freeBytes: this.#freeBytes } }
    }
    const waitedMs = Math.max(
      WRITE_MS_HARMLESS,
      timeoutsOf(this.#init.calendar, this.#epoch).voteMs,
    )
    const tookMs = this.#writes.length < WRITES_MIN ? 0 : Math.min(...this.#writes)
    if (tookMs > waitedMs) {
      yield { code: 'EPOCH_DISK_SLOW', facts: { tookMs: Math.round(tookMs), waitedMs } }
    }
    if (this.#standpoint?.type !== 'abstains') return
    const { code, until } = this.#standpoint
    // Votes of an epoch to come are there because the epochs up to it are not.
    const lost = this.#damaged.has('epoch') ? 'EPOCH_VOTES_LOST' : code
    yield { code: lost, facts: { abstainsUntilEpoch: until } }
  }

  *#ofClock(): Generator<EpochProblem> {
    const { calendar } = this.#init
    const { proposeMs, voteMs } = timeoutsOf(calendar, this.#epoch)
    const offMs = this.#cuts.offMs({
      harmlessMs: Math.max(CLOCK_MS_HARMLESS, settledMs(calendar, this.#epoch)),
      latencyMs: proposeMs + 2 * voteMs,
      refusedMs: EPOCH_LIMITS.CUT_SKEW_MS_MAX,
      others: this.#others,
    })
    if (offMs === undefined) return
    yield { code: 'EPOCH_TIME_INVALID', facts: { clockAheadMs: Math.round(offMs) } }
  }

  *#ofMesh(): Generator<EpochProblem> {
    if (this.#mismatch !== undefined) {
      yield { code: 'EPOCH_FOLD_MISMATCH', facts: { epoch: this.#mismatch } }
    }
    if (this.#elsewhere !== undefined) {
      yield { code: 'EPOCH_PARENT_UNKNOWN', facts: { restartedEpoch: this.#elsewhere } }
    }
  }
}
