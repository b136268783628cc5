/**
 * What a witness makes of a head that a device shows it: it grew out of the one that it holds, or proves a fork.
 *
 * The device says itself where its tree stood at the size of the head that the witness holds. A
 * device that says something false there gets no cosignature; one that says the truth about
 * another history has signed the proof against itself.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import { type HeadFork, headForkOf } from './equivocation.ts'
import { refuse, type Refused } from './errors.ts'
import { logIdOf } from './genesis.ts'
import { type Head, openHead } from './head.ts'
import { isConsistent } from '../core/merkle-proof.ts'
import type { RecalledHead } from './recall.ts'
import type { LedgerContext } from './signing.ts'

/** A head, and how it grew out of the one that the witness is thought to hold. */
export interface ShownHead {
  readonly signed: SignedRecord
  /** Undefined when the device thinks that the witness holds none of this incarnation. */
  readonly growth: ShownGrowth | undefined
}

export interface ShownGrowth {
  /** Entries under the head that the witness is thought to hold. */
  readonly since: number
  /** Root of the device's tree when it had so many. */
  readonly rootThen: Uint8Array
  /** RFC 9162 consistency proof from there to the head. */
  readonly proof: readonly Uint8Array[]
}

/** What a witness holds of the log already. */
export interface HeldHeads {
  /** The latest of the incarnation of the head that is shown. */
  readonly same: RecalledHead | undefined
  /** The latest of all. */
  readonly latest: RecalledHead | undefined
}

export type WitnessVerdict =
  /** Keep it, and sign once it is on the disk. */
  | { readonly type: 'cosign'; readonly head: Head }
  /** The device compared it with another head, or is behind: it is told the one that is held. */
  | { readonly type: 'held'; readonly held: RecalledHead }
  | { readonly type: 'fork'; readonly proof: HeadFork }
  | Refused

/** Judges a head that `device` shows of its own log. */
export function judgeHead(
  context: LedgerContext,
  device: PeerId,
  { same, latest }: HeldHeads,
  { signed, growth }: ShownHead,
): WitnessVerdict {
  const opened = openHead(context, device, signed)
  if (opened.type === 'refused') return opened
  const head = opened.value
  if (!bytesEqual(head.log, logIdOf(context.crypto.sha256, context.network, device))) {
    return refuse('LEDGER_LOG_FOREIGN', 'expected a head of the log of its device')
  }
  const verdict =
    same === undefined ? undefined : compared(context, device, same, { head, signed, growth })
  if (verdict !== undefined) return verdict
  // Nothing is signed any more of an incarnation that its device has left.
  return latest !== undefined && latest.head.incarnation > head.incarnation
    ? { type: 'held', held: latest }
    : { type: 'cosign', head }
}

interface OpenedHead extends ShownHead {
  readonly head: Head
}

/** What speaks against a head beside another of its incarnation; undefined when nothing does. */
function compared(
  context: LedgerContext,
  accused: PeerId,
  held: RecalledHead,
  { head, signed, growth }: OpenedHead,
): WitnessVerdict | undefined {
  const fork = { accused, earlier: held.signed, later: signed }
  if (head.size === held.head.size) {
    if (bytesEqual(head.root, held.head.root)) return undefined
    return forked(context, { ...fork, rootThen: head.root, proof: [] })
  }
  if (head.size < held.head.size || growth?.since !== held.head.size) return { type: 'held', held }
  const { rootThen, proof } = growth
  if (!bytesEqual(rootThen, held.head.root)) return forked(context, { ...fork, rootThen, proof })
  const sizes = { first: held.head.size, second: head.size }
  const roots = { first: rootThen, second: head.root }
  return isConsistent(context.crypto.sha256, sizes, roots, proof) ? undefined : unproven()
}

function forked(context: LedgerContext, fork: Omit<HeadFork, 'type'>): WitnessVerdict {
  const proof = headForkOf(context, fork)
  return proof === undefined ? unproven() : { type: 'fork', proof }
}

function unproven(): Refused {
  return refuse('LEDGER_PROOF_INVALID', 'expected a proof that the head grew out of the one before')
}
