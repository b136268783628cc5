/**
 * What was ever proven against domains, by their numbers: each proof once, and a handful of each.
 *
 * @module
 */

import { compareBytes, toHex } from '../core/bytes.ts'
import { EPOCHS_PER_DAY, FAULT_EPOCHS } from './limits.ts'
import type { PackedTrustState } from './packed.ts'

/** A proof that holds; whoever verified it says against which domain. */
export interface ProvenFault {
  readonly domain: Uint8Array
  readonly kind:
    | 'head-fork'
    | 'receipt-contradiction'
    | 'statement-fork'
    | 'double-vote'
    | 'amnesia'
    | 'double-proposal'
  /** SHA-256 of the proof. */
  readonly evidence: Uint8Array
}

/** A fault, and the epoch that holds its proof. */
export type DatedFault = ProvenFault & { readonly epoch: number }

/** Proofs that are remembered of one domain. */
const KEPT_MAX = 16

/** How long a fault counts, in epochs: two proposals cost others a round and decide nothing, so a day. */
export function faultEpochsOf(kind: ProvenFault['kind']): number {
  return kind === 'double-proposal' ? EPOCHS_PER_DAY : FAULT_EPOCHS
}

export class FaultRecords {
  readonly #records: Map<number, readonly DatedFault[]>

  constructor(records: Iterable<readonly [number, readonly DatedFault[]]> = []) {
    this.#records = new Map(records)
  }

  /** The same, to go on with on its own. */
  copy(): FaultRecords {
    return new FaultRecords(this.#records)
  }

  /** All of them, to be kept. */
  pack(): PackedTrustState['faults'] {
    return [...this.#records].map(([index, record]) => ({ index, record }))
  }

  static unpack(packed: PackedTrustState['faults']): FaultRecords {
    return new FaultRecords(packed.map(({ index, record }) => [index, record] as const))
  }

  add(domain: number, fault: DatedFault): void {
    const record = this.#records.get(domain) ?? []
    if (record.some(({ evidence }) => toHex(evidence) === toHex(fault.evidence))) return
    this.set(domain, [...record, fault])
  }

  /** Replaces what is remembered of a domain by the latest of `record`. */
  set(domain: number, record: readonly DatedFault[]): void {
    if (record.length > 0) this.#records.set(domain, latestOf(record))
  }

  /** What was proven against some domains, each proof once, the oldest first. */
  of(domains: readonly number[]): readonly DatedFault[] {
    const [only = 0, ...others] = domains
    if (others.length === 0) return this.#records.get(only) ?? []
    const all = domains.flatMap((domain) => this.#records.get(domain) ?? [])
    const byEvidence = new Map(all.map((fault) => [toHex(fault.evidence), fault]))
    return [...byEvidence.values()].toSorted(
      (a, b) => a.epoch - b.epoch || compareBytes(a.evidence, b.evidence),
    )
  }

  /** True while something that was proven against one of the domains counts. */
  areFaulted(domains: readonly number[], now: number): boolean {
    return domains.some((domain) =>
      (this.#records.get(domain) ?? []).some(
        ({ epoch, kind }) => now - epoch < faultEpochsOf(kind),
      ),
    )
  }
}

/** The latest faults. Many light ones, which whoever is at fault makes at will, do not push out a grave one. */
function latestOf(record: readonly DatedFault[]): readonly DatedFault[] {
  if (record.length <= KEPT_MAX) return record
  const isGrave = ({ kind }: DatedFault): boolean => faultEpochsOf(kind) === FAULT_EPOCHS
  const grave = record.filter(isGrave).slice(-KEPT_MAX)
  const lightMax = KEPT_MAX - grave.length
  const light = record.filter((fault) => !isGrave(fault))
  const kept = new Set([...grave, ...light.slice(light.length - lightMax)])
  return record.filter((fault) => kept.has(fault))
}
