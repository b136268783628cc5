/**
 * Devices that answer a lookup, best first, each with the reasons for its place.
 *
 * A score is a sum of named points, so that a person can see why one device
 * stands above another. It compares the candidates of one lookup only.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { CapabilityRecord } from '../../protocols/presence/index.ts'

/** Where a record came from. */
export type RecordSource = 'self' | 'directory' | 'dht'

/** One term of a score. Terms add up to the score. */
export interface RankReason {
  readonly name: 'speed' | 'memory' | 'level' | 'held' | 'lease' | 'trust' | 'stay'
  /** In [0, weight of the term]. */
  readonly points: number
}

export interface RankedCandidate {
  readonly record: CapabilityRecord
  /** In [0, 1]; higher is better. */
  readonly score: number
  readonly reasons: readonly RankReason[]
  readonly source: RecordSource
}

/** A record that may be ranked. */
export interface FoundRecord {
  readonly record: CapabilityRecord
  readonly source: RecordSource
}

/** Weights of the terms; they add up to 1. */
const WEIGHTS = {
  speed: 0.3,
  memory: 0.2,
  level: 0.2,
  held: 0.1,
  lease: 0.05,
  trust: 0.1,
  stay: 0.05,
} as const

/** Of a device that does not say how long it stays, in quarters: neither for it nor against it. */
const STAY_UNKNOWN_QUARTERS = 2

/** The certified score of a device, in [0, 1]; undefined while it has none. */
export type TrustOf = (peer: PeerId) => number | undefined

/** `found` in order of their scores; equal ones in order of their ids, so that all devices agree. */
export function rankCandidates(
  found: readonly FoundRecord[],
  capabilityClass: string,
  trustOf: TrustOf = () => undefined,
): readonly RankedCandidate[] {
  const records = found.map(({ record }) => record)
  const best = {
    speed: Math.max(1, ...records.map(speedOf)),
    memory: Math.max(1, ...records.map((record) => record.memoryFreeBytes)),
    held: Math.max(1, ...records.map((record) => heldLayers(record, capabilityClass))),
    lease: Math.max(1, ...records.map((record) => record.leaseMs)),
  }
  const ranked = found.map(({ record, source }): RankedCandidate => {
    const shares = {
      speed: speedOf(record) / best.speed,
      memory: record.memoryFreeBytes / best.memory,
      level: record.levelQuarters / 4,
      held: heldLayers(record, capabilityClass) / best.held,
      lease: record.leaseMs / best.lease,
      trust: trustOf(record.peer) ?? 0,
      stay: (record.forecast?.staysFor15minQuarters ?? STAY_UNKNOWN_QUARTERS) / 4,
    }
    const names = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]
    const reasons = names.map((name) => ({ name, points: WEIGHTS[name] * shares[name] }))
    const score = reasons.reduce((sum, { points }) => sum + points, 0)
    return { record, source, score, reasons }
  })
  return ranked.toSorted((a, b) => b.score - a.score || (a.record.peer < b.record.peer ? -1 : 1))
}

/** An accelerator counts where it is the faster one. */
function speedOf({ speeds }: CapabilityRecord): number {
  return Math.max(speeds.f32MflopsPerS, speeds.gpuF32MflopsPerS)
}

/** Layers held of the model that a class names; none for other classes. */
function heldLayers({ holdings }: CapabilityRecord, capabilityClass: string): number {
  const [kind, model] = capabilityClass.split(':')
  if (kind !== 'model' && kind !== 'layers') return 0
  const holding = holdings.find((held) => held.model === model)
  return holding?.ranges.reduce((sum, { from, to }) => sum + Math.max(0, to - from), 0) ?? 0
}
