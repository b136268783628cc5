/**
 * What was ever proven against domains, by their numbers: each proof once, and a handful of each.
 *
 * @module
 */

import { compareBytes, toHex } from '../core/bytes.ts'
import { FAULT_EPOCHS } from './limits.ts'
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
  /** SHA-256 of the proof. */
  readonly evidence: Uint8Array
}

/** A fault, and the epoch that holds its proof. */
export type DatedFault = ProvenFault & { readonly epoch: number }

/** Proofs that are remembered of one domain. */
const KEPT_MAX = 16

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
    if (record.length > 0) this.#records.set(domain, record.slice(-KEPT_MAX))
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

  /** True while something that was proven against one of the domains is not {@link FAULT_EPOCHS} old. */
  areFaulted(domains: readonly number[], now: number): boolean {
    return domains.some((domain) =>
      (this.#records.get(domain) ?? []).some(({ epoch }) => now - epoch < FAULT_EPOCHS),
    )
  }
}
