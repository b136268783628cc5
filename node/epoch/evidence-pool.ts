/**
 * Proofs against devices: kept once they hold, told once, and in an epoch once.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeEvidenceItem,
  encodeEvidenceItem,
  type EvidenceItem,
} from '../../protocols/epoch/index.ts'
import { type ProvenItem, provenBy } from './evidence-kinds.ts'

/** A proof that holds. */
export interface KeptEvidence {
  readonly item: EvidenceItem
  readonly proven: ProvenItem
  readonly encoded: Uint8Array
  /** On the monotonic clock. */
  readonly sinceMs: number
}

export interface EvidencePoolRules {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** Puts a proof on the disk. */
  readonly keep: (id: Uint8Array, encoded: Uint8Array) => Promise<void>
  readonly nowMs: () => number
  /** True for a fault that epochs hold, by this proof or one like it. */
  readonly isIn: (proven: ProvenItem) => boolean
}

/** Proofs of one kind against one device: one tells all there is to know. */
const PER_KIND_MAX = 1
const PROOFS_MAX = 1_024
/** Items that were looked at lately and prove nothing, so that a flood of one costs one look. */
const REFUSED_MAX = 4_096

export class EvidencePool {
  readonly #rules: EvidencePoolRules
  readonly #kept = new Map<string, KeptEvidence>()
  readonly #refused = new Set<string>()

  constructor(rules: EvidencePoolRules) {
    this.#rules = rules
  }

  /** Reads what was kept. */
  restore(encoded: readonly Uint8Array[]): void {
    for (const one of encoded) this.#hold(one)
  }

  /** All proofs that hold. */
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

  /** Those that no epoch holds, nor another proof of the same. */
  pending(): readonly KeptEvidence[] {
    return this.all().filter(({ proven }) => !this.#rules.isIn(proven))
  }

  /** Keeps a proof that an epoch holds, if it was not known. */
  async noteIn(item: EvidenceItem): Promise<void> {
    if (this.proven(item) !== undefined) await this.take(encodeEvidenceItem(item))
  }

  /** What a proof in a cut proves that is new; undefined when it is nothing. */
  newIn(item: EvidenceItem): ProvenItem | undefined {
    const proven = this.proven(item)
    return proven !== undefined && !this.#rules.isIn(proven) ? proven : undefined
  }

  proven(item: EvidenceItem): ProvenItem | undefined {
    return provenBy(this.#rules.crypto, this.#rules.network, item)
  }

  /** What would come of a proof, without keeping it. */
  fateOf(encoded: Uint8Array): 'new' | 'known' | 'invalid' {
    const name = toHex(this.#rules.crypto.sha256(encoded))
    if (this.#kept.has(name)) return 'known'
    if (this.#refused.has(name)) return 'invalid'
    const verified = this.#verified(encoded)
    if (verified === undefined) {
      if (this.#refused.size >= REFUSED_MAX) this.#refused.clear()
      this.#refused.add(name)
      return 'invalid'
    }
    return this.#isEnough(verified.proven) ? 'known' : 'new'
  }

  /** Keeps a proof. It is on the disk when this resolves. */
  async take(encoded: Uint8Array): Promise<'new' | 'known' | 'invalid'> {
    const fate = this.fateOf(encoded)
    if (fate !== 'new') return fate
    this.#hold(encoded)
    await this.#rules.keep(this.#rules.crypto.sha256(encoded), encoded)
    return 'new'
  }

  #hold(encoded: Uint8Array): void {
    const verified = this.#verified(encoded)
    if (verified === undefined || this.#kept.size >= PROOFS_MAX) return
    this.#kept.set(toHex(this.#rules.crypto.sha256(encoded)), verified)
  }

  #isEnough({ accused, kind }: ProvenItem): boolean {
    const same = this.against(accused).filter(({ proven }) => proven.kind === kind)
    return this.#kept.size >= PROOFS_MAX || same.length >= PER_KIND_MAX
  }

  #verified(encoded: Uint8Array): KeptEvidence | undefined {
    const { crypto, network, nowMs } = this.#rules
    const decoded = decodeEvidenceItem(encoded)
    if (decoded.type === 'refused') return undefined
    const proven = provenBy(crypto, network, decoded.value)
    if (proven === undefined) return undefined
    const copy = Uint8Array.from(encoded)
    return { item: decoded.value, proven, encoded: copy, sinceMs: nowMs() }
  }
}
