/**
 * How the providers of this device's work fared in audits, kept across restarts.
 *
 * @module
 */

import {
  decodeShape,
  encodeShape,
  flag,
  list,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
  bytes,
} from '../../core/cbor-shape.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import { signedRecord } from '../../core/signed-record.ts'
import { AUDIT_LIMITS } from '../../protocols/audit/index.ts'
import { afterAudit, type AuditHistory, auditRate, NO_AUDITS } from '../../trust/index.ts'
import type { StateStore } from '../storage/state-store.ts'

const AUDITS_KEPT = 256
const PROVIDERS_KEPT = 1_024
const HISTORIES = 'audit-providers/'
const RECORDS = 'audit-records/'
const COUNT_MAX = 2 ** 32 - 1

/** How long a provider that failed gets no work of this device, in milliseconds: a day. */
export const DISTRUST_MS = 86_400_000

const HISTORY = record({
  run: uint(COUNT_MAX),
  withheld: uint(COUNT_MAX),
  passed: uint(COUNT_MAX),
  failed: uint(COUNT_MAX),
  failedWallMs: optional(uint()),
})

const RECORD = record({
  task: bytes(AUDIT_LIMITS.HASH_BYTES),
  session: text(32),
  stage: uint(AUDIT_LIMITS.STAGES_MAX - 1),
  provider: peerId(),
  /** Requests of the task, and those that were compared. */
  requests: uint(AUDIT_LIMITS.REQUESTS_MAX),
  compared: uint(AUDIT_LIMITS.COMPARED_MAX),
  epoch: optional(uint()),
  outcome: word('passed', 'failed', 'inconclusive', 'withheld', 'unaudited'),
  endedWallMs: uint(),
  /** How long it took. */
  elapsedMs: uint(),
  verdicts: list(signedRecord(AUDIT_LIMITS.VERDICT_BYTES_MAX), AUDIT_LIMITS.VERDICTS_MAX),
  /** False when its end was not counted: nobody could run it. */
  counted: flag(),
})

export type ProviderHistory = ShapeOf<typeof HISTORY>
export type AuditRecord = ShapeOf<typeof RECORD>

export class AuditRecords {
  readonly #store: Pick<StateStore, 'batch' | 'entries'>
  readonly #histories = new Map<PeerId, ProviderHistory>()
  /** The oldest first. */
  readonly #records = new Map<string, AuditRecord>()
  #next = 0

  constructor(store: Pick<StateStore, 'batch' | 'entries'>) {
    this.#store = store
  }

  /** Reads what was kept; whatever cannot be read any more is left out. @throws {StorageError} */
  async start(): Promise<void> {
    for (const { key, value } of await this.#store.entries(HISTORIES, PROVIDERS_KEPT)) {
      const decoded = decodeShape(HISTORY, value)
      if (decoded.type === 'value')
        this.#histories.set(key.slice(HISTORIES.length) as PeerId, decoded.value)
    }
    for (const { key, value } of await this.#store.entries(RECORDS, AUDITS_KEPT)) {
      const decoded = decodeShape(RECORD, value)
      this.#next = Math.max(this.#next, Number.parseInt(key.slice(RECORDS.length), 16) + 1)
      if (decoded.type === 'value') this.#records.set(key, decoded.value)
    }
  }

  /** The latest first. */
  get records(): readonly AuditRecord[] {
    return [...this.#records.values()].toReversed()
  }

  get providers(): ReadonlyMap<PeerId, ProviderHistory> {
    return this.#histories
  }

  historyOf(provider: PeerId): AuditHistory {
    return this.#histories.get(provider) ?? NO_AUDITS
  }

  /** Share of a provider's work to audit, in ten-thousandths. */
  rateOf(provider: PeerId): number {
    return auditRate(this.historyOf(provider))
  }

  /** Providers that failed less than a day ago. */
  distrusted(wallMs: number): readonly PeerId[] {
    return [...this.#histories]
      .filter(
        ([, { failedWallMs }]) => failedWallMs !== undefined && wallMs - failedWallMs < DISTRUST_MS,
      )
      .map(([provider]) => provider)
  }

  /** Counts an audit, and keeps it. @throws {StorageError} */
  async add(audit: Omit<AuditRecord, 'counted'>): Promise<void> {
    const { provider, outcome } = audit
    const known = this.#histories.get(provider) ?? NO_HISTORY
    const counted = outcome !== 'unaudited'
    const history = counted ? counting(known, outcome, audit.endedWallMs) : known
    const key = `${RECORDS}${(this.#next++).toString(16).padStart(12, '0')}`
    this.#histories.set(provider, history)
    this.#records.set(key, { ...audit, counted })
    const [oldest] = this.#records.size > AUDITS_KEPT ? this.#records.keys() : []
    if (oldest !== undefined) this.#records.delete(oldest)
    await this.#store.batch([
      { type: 'put', key: `${HISTORIES}${provider}`, value: encodeShape(HISTORY, history) },
      { type: 'put', key, value: encodeShape(RECORD, { ...audit, counted }) },
      ...(oldest === undefined ? [] : [{ type: 'del' as const, key: oldest }]),
    ])
  }
}

const NO_HISTORY: ProviderHistory = { ...NO_AUDITS, passed: 0, failed: 0, failedWallMs: undefined }

function counting(
  known: ProviderHistory,
  outcome: Exclude<AuditRecord['outcome'], 'unaudited'>,
  wallMs: number,
): ProviderHistory {
  const { history, counts } = afterAudit(known, outcome)
  return {
    ...history,
    passed: known.passed + (counts === 'passed' ? 1 : 0),
    failed: known.failed + (counts === 'failed' ? 1 : 0),
    failedWallMs: counts === 'failed' ? wallMs : known.failedWallMs,
  }
}
