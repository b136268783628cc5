/**
 * The audit side of the API.
 *
 * @module
 */

import { toBase64Url, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { encodeAuditProof, openVerdict } from '../../protocols/audit/index.ts'
import type { AuditBackend } from '../api/backend.ts'
import type { AuditListView } from '../api/schemas/audits.ts'
import type { AuditRecord, AuditRecords } from '../audit/audit-records.ts'
import type { Audits } from '../audit/audits.ts'
import type { MeshMembership } from '../mesh/mesh-membership.ts'

export interface AuditBackendComponents {
  readonly audits: Pick<Audits, 'pending' | 'network'>
  readonly records: AuditRecords
  readonly mesh: Pick<MeshMembership, 'current'>
  readonly clock: Clock
  readonly crypto: Crypto
  readonly nameOf: (peer: PeerId) => string
}

const HUNDREDTHS = 100

export class DaemonAuditBackend implements AuditBackend {
  readonly #components: AuditBackendComponents

  constructor(components: AuditBackendComponents) {
    this.#components = components
  }

  async audits(): Promise<AuditListView> {
    const { audits, records, clock, nameOf } = this.#components
    const distrusted = new Set(records.distrusted(clock.wallMs()))
    return {
      pending: audits.pending,
      audits: records.records.map((record) => this.#show(record)),
      providers: [...records.providers].map(([provider, { passed, failed, run }]) => ({
        provider,
        name: nameOf(provider),
        passed,
        failed,
        run,
        ratePercent: records.rateOf(provider) / HUNDREDTHS,
        distrusted: distrusted.has(provider),
      })),
    }
  }

  #show(record: AuditRecord): AuditListView['audits'][number] {
    const { nameOf } = this.#components
    const { task, provider, epoch, endedWallMs, verdicts, counted: _, ...shown } = record
    return {
      ...shown,
      task: toHex(task),
      provider,
      providerName: nameOf(provider),
      epoch: epoch ?? null,
      endedMs: endedWallMs,
      verdicts: this.#found(record),
      proof: toBase64Url(encodeAuditProof(verdicts)),
    }
  }

  /** Records of a mesh that this device has left since cannot be read any more. */
  #found({ verdicts }: AuditRecord): AuditListView['audits'][number]['verdicts'] {
    const { audits, crypto, nameOf } = this.#components
    const { network } = audits
    if (network === undefined) return []
    return verdicts.flatMap((signed) => {
      const opened = openVerdict(crypto, network, signed)
      if (opened.type === 'refused') return []
      const { auditor, finding } = opened.value
      return [{ auditor, auditorName: nameOf(auditor), finding }]
    })
  }
}
