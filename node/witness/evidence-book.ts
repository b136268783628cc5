/**
 * Proofs that devices signed two histories: kept, handed on, never lost again.
 *
 * @module
 */

import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  encodeEquivocation,
  type Equivocation,
  type LedgerContext,
  verifyEquivocation,
} from '../../ledger/index.ts'
import { bytesEqual } from '../../core/bytes.ts'
import { prefixRange } from '../ledger/ledger-keys.ts'
import type { LedgerRows } from '../ledger/rows.ts'

/** Proofs that are kept: one tells what there is to know of a device, a few more do no harm. */
const PROOFS_PER_DEVICE_MAX = 4
const PROOFS_MAX = 1_024
/** What the keys of proofs begin with. */
const LETTER = utf8('E')

/** A proof that holds. */
export interface KeptProof {
  readonly proof: Equivocation
  readonly encoded: Uint8Array
}

/** What came of a proof: it is new and kept, known (or there are enough), or none. */
export type ProofFate = 'kept' | 'known' | 'invalid'

export class EvidenceBook {
  readonly #rows: LedgerRows
  readonly #context: LedgerContext
  readonly #proofs = new Map<string, KeptProof>()

  constructor(rows: LedgerRows, context: LedgerContext) {
    this.#rows = rows
    this.#context = context
  }

  /** Reads what is kept. */
  async open(): Promise<void> {
    for (const { value } of await this.#rows.range(prefixRange(LETTER, PROOFS_MAX))) {
      const kept = this.#verified(value)
      if (kept !== undefined) this.#proofs.set(this.#name(value), kept)
    }
  }

  /** All proofs, or those against one device. */
  proofs(accused?: PeerId): readonly KeptProof[] {
    const all = [...this.#proofs.values()]
    return accused === undefined ? all : all.filter(({ proof }) => proof.accused === accused)
  }

  /** What would come of a proof. */
  fateOf(encoded: Uint8Array): ProofFate {
    if (this.#proofs.has(this.#name(encoded))) return 'known'
    const verified = this.#verified(encoded)
    if (verified === undefined) return 'invalid'
    const enough =
      this.#proofs.size >= PROOFS_MAX ||
      this.proofs(verified.proof.accused).length >= PROOFS_PER_DEVICE_MAX
    return enough ? 'known' : 'kept'
  }

  /** False for a proof that is known, and when there are enough. */
  wants(proof: Equivocation): boolean {
    return this.fateOf(encodeEquivocation(this.#context, proof)) === 'kept'
  }

  /** Keeps a proof that another device sent. It is on the disk when this resolves. */
  async take(encoded: Uint8Array): Promise<ProofFate> {
    const fate = this.fateOf(encoded)
    const kept = fate === 'kept' ? this.#verified(encoded) : undefined
    if (kept === undefined) return fate
    const name = this.#name(encoded)
    this.#proofs.set(name, kept)
    const key = concatBytes([LETTER, utf8(name)])
    await this.#rows.write([{ type: 'put', key, value: kept.encoded }])
    return fate
  }

  /** Keeps a proof that this device found itself. */
  async keep(proof: Equivocation): Promise<KeptProof> {
    const encoded = encodeEquivocation(this.#context, proof)
    await this.take(encoded)
    return { proof, encoded }
  }

  #verified(encoded: Uint8Array): KeptProof | undefined {
    const proven = verifyEquivocation(this.#context.crypto, encoded)
    if (proven.type === 'refused') return undefined
    const { network, proof } = proven.value
    return bytesEqual(network, this.#context.network)
      ? { proof, encoded: Uint8Array.from(encoded) }
      : undefined
  }

  #name(encoded: Uint8Array): string {
    return toHex(this.#context.crypto.sha256(encoded))
  }
}
