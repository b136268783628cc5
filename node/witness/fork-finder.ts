/**
 * Compares what two devices hold of the ledger of a third: of one incarnation, one head must have grown out of the other.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Growth,
  type HeadFork,
  headForkOf,
  isConsistent,
  type LedgerContext,
  type RecalledHead,
} from '../../ledger/index.ts'

/** The root at the first size of a tree, and the proof from there to the second. */
export interface KnownGrowth {
  readonly rootThen: Uint8Array
  readonly proof: readonly Uint8Array[]
}

export type HeadComparison =
  /** One grew out of the other, or both are the same. */
  | { readonly type: 'consistent' }
  /** They are of two incarnations, or nobody has the tree of the greater one. */
  | { readonly type: 'unknown' }
  | { readonly type: 'fork'; readonly proof: HeadFork }

/**
 * Compares two heads that `device` signed.
 *
 * @param growthOf - How the tree of the greater of the two grew; undefined when that is not known.
 */
export async function compareHeads(
  context: LedgerContext,
  device: PeerId,
  [one, other]: readonly [RecalledHead, RecalledHead],
  growthOf: (greater: RecalledHead, growth: Growth) => Promise<KnownGrowth | undefined>,
): Promise<HeadComparison> {
  const [earlier, later] = one.head.size <= other.head.size ? [one, other] : [other, one]
  if (earlier.head.incarnation !== later.head.incarnation) return { type: 'unknown' }
  const sizes = { first: earlier.head.size, second: later.head.size }
  const growth =
    sizes.first === sizes.second
      ? { rootThen: later.head.root, proof: [] }
      : await growthOf(later, sizes)
  if (growth === undefined) return { type: 'unknown' }
  const { rootThen, proof } = growth
  const roots = { first: rootThen, second: later.head.root }
  if (!isConsistent(context.crypto.sha256, sizes, roots, proof)) return { type: 'unknown' }
  if (bytesEqual(rootThen, earlier.head.root)) return { type: 'consistent' }
  const accused = { accused: device, earlier: earlier.signed, later: later.signed }
  const fork = headForkOf(context, { ...accused, rootThen, proof })
  return fork === undefined ? { type: 'unknown' } : { type: 'fork', proof: fork }
}
