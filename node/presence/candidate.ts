/**
 * Devices that answer a lookup, best first, each with the reasons for its place.
 *
 * @module
 */

import type { CapabilityRecord } from '../../protocols/presence/index.ts'

/** One term of a score. Terms add up to the score. */
export interface RankReason {
  readonly name: 'speed' | 'memory' | 'level' | 'held' | 'lease'
  /** In [0, weight of the term]. */
  readonly points: number
}

export interface RankedCandidate {
  readonly record: CapabilityRecord
  /** In [0, 1]; higher is better. */
  readonly score: number
  readonly reasons: readonly RankReason[]
  /** Where the record came from. */
  readonly source: 'directory' | 'dht'
}
