/**
 * Which peers have shown that they are members, and who waits to hear about one.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import { type Admission, HELLO_MS_MAX } from '../../protocols/join/index.ts'
import { schedule } from './exchange.ts'

/** Members that are remembered after they have disconnected; the oldest give way. */
export const MEMBERS_MAX = 4_096

/** Peers whose handshake is awaited or has failed. */
const UNDECIDED_MAX = 1_024

interface Undecided {
  readonly answer: Promise<boolean>
  settle(member: boolean): void
  /** False while it is awaited, true once the handshake has failed. */
  refused: boolean
}

export class MemberTable {
  readonly #clock: Clock
  readonly #admissions = new Map<PeerId, Admission>()
  readonly #undecided = new Map<PeerId, Undecided>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Members that are known, and whose certificate holds. */
  list(): readonly Admission[] {
    const wallMs = this.#clock.wallMs()
    return [...this.#admissions.values()].filter(({ expiresMs }) => wallMs < expiresMs)
  }

  /** As {@link MembershipGate}: what is not known is awaited for as long as a handshake may take. */
  isMember(peer: PeerId): boolean | Promise<boolean> {
    const admission = this.#admissions.get(peer)
    if (admission !== undefined && this.#clock.wallMs() < admission.expiresMs) return true
    const undecided = this.#undecided.get(peer) ?? this.#await(peer)
    if (undecided === undefined) return false
    return undecided.refused ? false : undecided.answer
  }

  /** @returns whether the peer was no member before. */
  admit(admission: Admission): boolean {
    const { peer } = admission
    const isNew = !this.#admissions.delete(peer)
    if (this.#admissions.size >= MEMBERS_MAX) {
      const [oldest] = this.#admissions.keys()
      if (oldest !== undefined) this.#admissions.delete(oldest)
    }
    this.#admissions.set(peer, admission)
    this.#undecided.get(peer)?.settle(true)
    this.#undecided.delete(peer)
    return isNew
  }

  /** A handshake with `peer` has failed: until it succeeds or reconnects, it is no member. */
  refuse(peer: PeerId): void {
    const undecided = this.#undecided.get(peer) ?? this.#await(peer)
    undecided?.settle(false)
  }

  /** The last connection to `peer` is gone; a member stays one. */
  disconnected(peer: PeerId): void {
    this.#undecided.get(peer)?.settle(false)
    this.#undecided.delete(peer)
  }

  clear(): void {
    for (const undecided of this.#undecided.values()) undecided.settle(false)
    this.#undecided.clear()
    this.#admissions.clear()
  }

  #await(peer: PeerId): Undecided | undefined {
    if (this.#undecided.size >= UNDECIDED_MAX) this.#dropRefused()
    if (this.#undecided.size >= UNDECIDED_MAX) return undefined
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const undecided: Undecided = {
      answer: promise,
      refused: false,
      settle: (member) => {
        undecided.refused = !member
        cancel()
        resolve(member)
      },
    }
    const lateMs = this.#clock.monotonicMs() + HELLO_MS_MAX
    const cancel = schedule(this.#clock, lateMs, () => undecided.settle(false))
    this.#undecided.set(peer, undecided)
    return undecided
  }

  #dropRefused(): void {
    for (const [peer, { refused }] of this.#undecided) if (refused) this.#undecided.delete(peer)
  }
}
