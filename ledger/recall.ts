/**
 * What a device does after a start, before it writes: whether its ledger is still the latest there is.
 *
 * A ledger that was restored from a copy looks whole, and to go on from it is to fork. Only the
 * peers that hold later heads can tell. Every later head that they show is by the device's own
 * key, so none of them can make it up.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import type { Head } from './head.ts'

/** A head of the device's own log that some peer holds. Its signature was checked. */
export interface RecalledHead {
  readonly head: Head
  readonly signed: SignedRecord
}

export interface RecallFacts {
  /** The latest head of the store; undefined when it holds none. */
  readonly own: Head | undefined
  /**
   * True when something speaks against the store being the latest: it lies in another folder than
   * before, or lost its head or the end of its entries.
   */
  readonly suspect: boolean
  /** What the peers that answered hold: one item each, undefined for a peer that holds no head. */
  readonly answers: readonly (RecalledHead | undefined)[]
  /** The root of the store's own tree at a size that it has; undefined for others. */
  readonly rootAt: (size: number) => Uint8Array | undefined
}

export type RecallDecision =
  /** Nobody knows of more, and nothing speaks for it. */
  | { readonly type: 'go on' }
  /**
   * Begin a new incarnation, after getting back the entries up to `latest` where that is set.
   *
   * Also when they can be had: a peer that is away may hold a head beyond it.
   */
  | { readonly type: 'roll over'; readonly latest: RecalledHead | undefined }

/** What to do, from what is known when everybody who could be asked has been. */
export function decideRecall({ own, suspect, answers, rootAt }: RecallFacts): RecallDecision {
  const latest = answers.reduce(later, undefined)
  if (latest !== undefined && isBeyond(latest.head, own)) return { type: 'roll over', latest }
  const contradicted =
    latest !== undefined &&
    latest.head.incarnation === own?.incarnation &&
    !bytesEqual(latest.head.root, rootAt(latest.head.size) ?? new Uint8Array())
  return contradicted || suspect ? { type: 'roll over', latest: undefined } : { type: 'go on' }
}

function later(a: RecalledHead | undefined, b: RecalledHead | undefined): RecalledHead | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return isBeyond(b.head, a.head) ? b : a
}

/** Later in the life of one log: of a later incarnation, or further in the same. */
function isBeyond(head: Head, other: Head | undefined): boolean {
  if (other === undefined || head.incarnation > other.incarnation) return true
  return head.incarnation === other.incarnation && head.size > other.size
}
