/**
 * Audits that have come and are in no epoch yet: bounded, and none but those that would count.
 *
 * @module
 */

import { compareBytes, toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { AUDIT_LIMITS } from '../../protocols/audit/index.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import type { AuditedTask, AuditReader } from './audited-task.ts'
import type { AuditFate, CountedAudits } from './counted-audits.ts'

/** An audit that waits. */
export interface PooledAudit {
  readonly audit: AuditedTask
  /** As it was gossiped. */
  readonly encoded: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
}

export interface AuditPoolRules {
  readonly sha256: Sha256
  readonly reader: AuditReader
  /** Those that count as of the last epoch. */
  readonly counted: () => CountedAudits
  readonly nowMs: () => number
}

/** Audits that wait. */
const POOLED_MAX = 8 * EPOCH_LIMITS.CUT_AUDITS_MAX

export class AuditPool {
  readonly #rules: AuditPoolRules
  /** By the hash of what travels. */
  readonly #pooled = new Map<string, PooledAudit>()

  constructor(rules: AuditPoolRules) {
    this.#rules = rules
  }

  /** Takes an audit as it is gossiped. Of what is too early here nothing is kept: it is asked for later. */
  take(encoded: Uint8Array): 'new' | 'known' | 'invalid' {
    if (encoded.length > AUDIT_LIMITS.TOLD_BYTES_MAX) return 'invalid'
    const name = toHex(this.#rules.sha256(encoded))
    if (this.#pooled.has(name)) return 'known'
    const audit = this.#rules.reader.read(encoded)
    if (audit === undefined) return 'invalid'
    const fate = this.#rules.counted().fateOf(audit)
    if (fate === 'invalid') return 'invalid'
    if (fate !== 'counts' || this.#pooled.size >= POOLED_MAX || this.#isTold(audit)) return 'known'
    this.#pooled.set(name, { audit, encoded: audit.encoded, sinceMs: this.#rules.nowMs() })
    return 'new'
  }

  /** An audit by the hash of what travels. */
  get(id: Uint8Array): PooledAudit | undefined {
    return this.#pooled.get(toHex(id))
  }

  /** Everything that waits. */
  all(): readonly PooledAudit[] {
    return [...this.#pooled.values()]
  }

  /** Those that count beside each other in the next epoch: where two judge one task, whoever passed it is believed. */
  pending(counted: CountedAudits = this.#rules.counted().copy()): readonly PooledAudit[] {
    const ordered = this.all().toSorted(
      ({ audit: a }, { audit: b }) =>
        Number(b.passed) - Number(a.passed) || compareBytes(a.encoded, b.encoded),
    )
    return ordered.filter(({ audit }) => counted.count(audit, 0))
  }

  /** Gives up what counts already, or never will. */
  sweep(): void {
    const counted = this.#rules.counted()
    const waits: ReadonlySet<AuditFate> = new Set(['counts', 'early'])
    for (const [name, { audit }] of this.#pooled) {
      if (!waits.has(counted.fateOf(audit))) this.#pooled.delete(name)
    }
  }

  /** One of each end of a task is enough. */
  #isTold({ task, passed }: AuditedTask): boolean {
    return this.all().some(
      ({ audit }) => audit.passed === passed && compareBytes(audit.task, task) === 0,
    )
  }
}
