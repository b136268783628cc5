/**
 * Which audits count for everybody: those that an epoch's beacon drew, each once, and few of one pair of owners.
 *
 * It follows from the cuts alone. Who may audit is drawn from those who were there when the beacon became known, so
 * that nobody makes devices up for a task whose auditors it does not like.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { AUDIT_LIMITS, auditorOrder } from '../../protocols/audit/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import type { AuditedTask } from './audited-task.ts'
import type { PackedAudits } from './fold-snapshot.ts'

/** What an epoch draws with, and whom from. */
export interface AuditDraw {
  readonly beacon: Uint8Array
  /** Devices that were there lately, and who speaks for each. */
  readonly present: ReadonlyMap<PeerId, PeerId>
}

/** An audit that counts. */
export interface CountedAudit extends Pick<
  AuditedTask,
  'task' | 'provider' | 'requester' | 'auditors' | 'passed' | 'epoch'
> {
  /** The epoch that holds it. */
  readonly countedEpoch: number
}

/** Why an audit does not count; `early` when the epoch that drew it is not known here. */
export type AuditFate = 'counts' | 'known' | 'early' | 'invalid'

/** Audits of one provider that are named where its score is explained: the latest. */
const NAMED_MAX = 16

export class CountedAudits {
  readonly #sha256: Sha256
  /** By epoch: those by whose beacons audits may still be counted. */
  #draws = new Map<number, AuditDraw>()
  /** By task: those of the same epochs. */
  #recent = new Map<string, CountedAudit>()
  /** By provider, the oldest first. */
  #named = new Map<PeerId, readonly CountedAudit[]>()
  #epoch = -1

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  copy(): CountedAudits {
    const copy = new CountedAudits(this.#sha256)
    copy.#draws = new Map(this.#draws)
    copy.#recent = new Map(this.#recent)
    copy.#named = new Map(this.#named)
    copy.#epoch = this.#epoch
    return copy
  }

  /** All of it, to be kept; `peers` are the devices that have spoken, by number. */
  pack(peers: readonly PeerId[]): PackedAudits {
    const numbers = new Map(peers.map((peer, number) => [peer, number]))
    return {
      draws: [...this.#draws].map(([epoch, { beacon, present }]) => ({
        epoch,
        beacon,
        present: [...present].flat().flatMap((peer) => numbers.get(peer) ?? []),
      })),
      recent: [...this.#recent.values()],
      named: [...this.#named.values()].flat(),
      epoch: this.#epoch + 1,
    }
  }

  static unpack(sha256: Sha256, packed: PackedAudits, peers: readonly PeerId[]): CountedAudits {
    const audits = new CountedAudits(sha256)
    for (const { epoch, beacon, present } of packed.draws) {
      const there = new Map<PeerId, PeerId>()
      for (let at = 0; at + 1 < present.length; at += 2) {
        const [peer, speaker] = [peers[present[at] ?? -1], peers[present[at + 1] ?? -1]]
        if (peer !== undefined && speaker !== undefined) there.set(peer, speaker)
      }
      audits.#draws.set(epoch, { beacon, present: there })
    }
    for (const audit of packed.recent) audits.#recent.set(toHex(audit.task), audit)
    for (const audit of packed.named) {
      const before = audits.#named.get(audit.provider) ?? []
      audits.#named.set(audit.provider, [...before, audit])
    }
    audits.#epoch = packed.epoch - 1
    return audits
  }

  /** The latest of a provider that count, the last one first. */
  namedOf(provider: PeerId): readonly CountedAudit[] {
    return (this.#named.get(provider) ?? []).toReversed()
  }

  /** An epoch was folded: from now on its beacon draws, and what is too old is forgotten. */
  open(epoch: number, draw: AuditDraw): void {
    this.#epoch = epoch
    this.#draws.set(epoch, draw)
    const oldest = epoch + 1 - TRUST_LIMITS.AUDIT_EPOCHS_MAX
    for (const known of this.#draws.keys()) if (known < oldest) this.#draws.delete(known)
    for (const [task, audit] of this.#recent) if (audit.epoch < oldest) this.#recent.delete(task)
  }

  /**
   * Who may audit a task, the first first: the beacon of `epoch` draws them from all whose owners have no part in it,
   * one of each owner.
   */
  drawn(epoch: number, task: Uint8Array, parties: readonly PeerId[]): readonly PeerId[] {
    const draw = this.#draws.get(epoch)
    if (draw === undefined) return []
    const { beacon, present } = draw
    const met = new Set(parties.map((peer) => present.get(peer) ?? peer))
    const ordered = auditorOrder(this.#sha256, { beacon, task }, [...present.keys()])
    const strangers = ordered.filter((peer) => {
      const speaker = present.get(peer) ?? peer
      if (met.has(speaker)) return false
      met.add(speaker)
      return true
    })
    return strangers.slice(0, AUDIT_LIMITS.AUDITORS_ASKED_MAX)
  }

  /** Whether an audit would count in the next epoch. */
  fateOf(audit: AuditedTask): AuditFate {
    const { epoch, beacon, task, provider, requester, auditors } = audit
    const draw = this.#draws.get(epoch)
    if (draw === undefined) return epoch > this.#epoch ? 'early' : 'known'
    const there = [provider, requester, ...auditors].every((peer) => draw.present.has(peer))
    // What devices of one owner find of each other is nobody's finding.
    const isOwn = draw.present.get(provider) === draw.present.get(requester)
    if (!there || isOwn || !bytesEqual(beacon, draw.beacon)) return 'invalid'
    if (this.#recent.has(toHex(task)) || this.#isPairFull(audit)) return 'known'
    const drawn = new Set(this.drawn(epoch, task, [provider, requester]))
    return auditors.every((auditor) => drawn.has(auditor)) ? 'counts' : 'invalid'
  }

  /** Counts an audit in `countedEpoch`, unless it does not count. */
  count(audit: AuditedTask, countedEpoch: number): boolean {
    if (this.fateOf(audit) !== 'counts') return false
    const { task, provider, requester, auditors, passed, epoch } = audit
    const counted = { task, provider, requester, auditors, passed, epoch, countedEpoch }
    this.#recent.set(toHex(task), counted)
    const named = [...(this.#named.get(provider) ?? []), counted]
    this.#named.set(provider, named.slice(-NAMED_MAX))
    return true
  }

  #isPairFull(audit: AuditedTask): boolean {
    const { passed } = audit
    const of = this.#pairOf(audit)
    const pair = [...this.#recent.values()].filter((other) => this.#pairOf(other) === of)
    const failures = pair.filter((other) => !other.passed)
    const { AUDITS_PER_PAIR_MAX, FAILURES_PER_PAIR_MAX } = TRUST_LIMITS
    return (
      pair.length >= AUDITS_PER_PAIR_MAX || (!passed && failures.length >= FAILURES_PER_PAIR_MAX)
    )
  }

  /** The owners of requester and provider when the audit was drawn. */
  #pairOf({
    epoch,
    provider,
    requester,
  }: Pick<AuditedTask, 'epoch' | 'provider' | 'requester'>): string {
    const present = this.#draws.get(epoch)?.present
    const speakers = [requester, provider].map((peer) => present?.get(peer) ?? peer)
    return speakers.join(' ')
  }
}
