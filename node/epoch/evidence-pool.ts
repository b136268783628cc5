/**
 * Proofs against devices that no epoch holds yet: kept once they hold, against who can be at fault, and given up
 * once they are in.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import { decodeEvidenceItem, type EvidenceItem } from '../../protocols/epoch/index.ts'
import { type ProofFate, type ProvenItem, provenBy } from './evidence-kinds.ts'
import type { Sender } from './senders.ts'

/** A proof that holds. */
export interface KeptEvidence {
  /** SHA-256 of what travels. */
  readonly id: Uint8Array
  readonly item: EvidenceItem
  readonly proven: ProvenItem
  readonly encoded: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
  /** Who told; undefined for what was found here, now or in an earlier life. */
  readonly from: Sender | undefined
}

export interface EvidencePoolRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** Puts a proof on the disk. */
  readonly keep: (id: Uint8Array, encoded: Uint8Array) => void
  /** Takes proofs from the disk. */
  readonly drop: (ids: readonly Uint8Array[]) => void
  readonly nowMs: () => number
  /** True for a fault that epochs hold, by this proof or one like it. */
  readonly isIn: (proven: ProvenItem) => boolean
  /** Whether who is accused can be at fault, as the epochs so far tell. */
  readonly fateOf: (proven: ProvenItem) => ProofFate
  /** True for a member whose statement waits to be in an epoch. */
  readonly isHeard: (device: PeerId) => boolean
}

export type EvidenceFate =
  | 'new'
  | 'known'
  | 'invalid'
  /** It holds, against who has no part in what it is about. */
  | 'foreign'

/** Proofs of one kind against one device: one tells all there is to know. */
const PER_KIND_MAX = 1
const PROOFS_MAX = 1_024
/** Those that one sender may have told. */
const PER_SENDER_MAX = 64
/** Items that were looked at lately and are of no use, so that a flood of one costs one look. */
const REFUSED_MAX = 4_096

export class EvidencePool {
  readonly #rules: EvidencePoolRules
  readonly #kept = new Map<string, KeptEvidence>()
  readonly #refused = new RecentCache<string, 'invalid' | 'foreign'>(REFUSED_MAX)

  constructor(rules: EvidencePoolRules) {
    this.#rules = rules
  }

  /** Reads what an earlier life kept, once it is known what the epochs hold; the rest of it is given up. */
  restore(encoded: readonly Uint8Array[]): void {
    const { crypto, drop } = this.#rules
    const useless = encoded
      .filter((one) => this.#fateOf(one, undefined, (kept) => this.#hold(kept)) !== 'new')
      .map((one) => crypto.sha256(one))
    if (useless.length > 0) drop(useless)
  }

  /** All proofs that wait. */
  all(): readonly KeptEvidence[] {
    return [...this.#kept.values()]
  }

  against(device: PeerId): readonly KeptEvidence[] {
    return this.all().filter(({ proven }) => proven.accused === device)
  }

  /** A proof by the hash of what travels. */
  get(id: Uint8Array): KeptEvidence | undefined {
    return this.#kept.get(toHex(id))
  }

  /** Those that may be in the next epoch, and are not, nor another proof of the same. */
  pending(): readonly KeptEvidence[] {
    return this.all().filter(({ proven }) => this.#counts(proven))
  }

  /** What a proof in a cut proves that is new; undefined when it is nothing. */
  newIn(item: EvidenceItem): ProvenItem | undefined {
    const proven = this.proven(item)
    return proven !== undefined && !this.#rules.isIn(proven) ? proven : undefined
  }

  proven(item: EvidenceItem): ProvenItem | undefined {
    return provenBy(this.#rules.crypto, this.#rules.network, item)
  }

  /** True when every proof in a cut is against who can be at fault. */
  areOfMesh(items: readonly EvidenceItem[]): boolean {
    return items
      .flatMap((item) => this.proven(item) ?? [])
      .every((proven) => this.#rules.fateOf(proven) === 'counts')
  }

  /**
   * Takes a proof, and puts it on the disk.
   *
   * @param from - Who tells; undefined for what was found here.
   */
  take(encoded: Uint8Array, from?: Sender): EvidenceFate {
    return this.#fateOf(encoded, from, (kept) => {
      this.#hold(kept)
      this.#rules.keep(kept.id, kept.encoded)
    })
  }

  /** Gives up what an epoch holds, and what can never be in one. */
  sweep(): void {
    const over = this.all().filter(({ proven }) => this.#rules.isIn(proven) || !this.#waits(proven))
    for (const { id } of over) this.#kept.delete(toHex(id))
    if (over.length > 0) this.#rules.drop(over.map(({ id }) => id))
  }

  #hold(kept: KeptEvidence): void {
    this.#kept.set(toHex(kept.id), kept)
  }

  #fateOf(
    encoded: Uint8Array,
    from: Sender | undefined,
    onNew: (kept: KeptEvidence) => void,
  ): EvidenceFate {
    const { crypto, nowMs, fateOf, isIn } = this.#rules
    const id = crypto.sha256(encoded)
    const name = toHex(id)
    if (this.#kept.has(name)) return 'known'
    const before = this.#refused.get(name)
    if (before !== undefined) return before
    const decoded = decodeEvidenceItem(encoded)
    const proven = decoded.type === 'value' ? this.proven(decoded.value) : undefined
    if (decoded.type === 'refused' || proven === undefined) return this.#refuse(name, 'invalid')
    if (fateOf(proven) === 'foreign') return this.#refuse(name, 'foreign')
    if (isIn(proven) || !this.#waits(proven) || this.#isFull(proven, from)) return 'known'
    const { value: item } = decoded
    onNew({ id, item, proven, encoded: Uint8Array.from(encoded), sinceMs: nowMs(), from })
    return 'new'
  }

  #refuse(name: string, fate: 'invalid' | 'foreign'): EvidenceFate {
    this.#refused.set(name, fate)
    return fate
  }

  /** True for what may be in the next epoch, or in the one after the accused is heard in one. */
  #waits(proven: ProvenItem): boolean {
    const { fateOf, isHeard } = this.#rules
    const fate = fateOf(proven)
    return fate === 'counts' || (fate === 'early' && isHeard(proven.accused))
  }

  #counts(proven: ProvenItem): boolean {
    return this.#rules.fateOf(proven) === 'counts' && !this.#rules.isIn(proven)
  }

  /** What was found here always has a place: there is no more of it than there are devices. */
  #isFull({ accused, kind }: ProvenItem, from: Sender | undefined): boolean {
    const same = this.against(accused).filter(({ proven }) => proven.kind === kind)
    if (same.length >= PER_KIND_MAX) return true
    if (from === undefined) return false
    const told = this.all().filter((one) => one.from === from).length
    return told >= PER_SENDER_MAX || this.#kept.size >= PROOFS_MAX
  }
}
