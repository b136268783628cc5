/**
 * Evidence by the hash of its pieces: what this device was shown, and what it fetched to repeat an appraisal.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { encodePieces } from '../../attestation/index.ts'
import type { ItemShelf } from './conveyor.ts'

const ITEMS_MAX = 256
const BYTES_MAX = 32 * 1024 * 1024

export class EvidenceShelf implements ItemShelf {
  /** Oldest first. */
  readonly #held = new Map<string, Uint8Array>()
  readonly #wanted = new Set<string>()
  #bytes = 0

  /** Nobody is told of evidence: who wants some knows its hash from a result. */
  ids(): readonly string[] {
    return []
  }

  get(id: string): Uint8Array | undefined {
    return this.#held.get(id)
  }

  lacks(id: string): boolean {
    return !this.#held.has(id)
  }

  /** Keeps the pieces of an answer, and says what names them. */
  keep(pieces: readonly Uint8Array[]): { readonly id: string; readonly encoded: Uint8Array } {
    const encoded = encodePieces(pieces)
    const id = createHash('sha256').update(encoded).digest('hex')
    this.#put(id, encoded)
    return { id, encoded }
  }

  /** Keeps what was asked for, and nothing else. */
  async take(body: Uint8Array): Promise<void> {
    const id = createHash('sha256').update(body).digest('hex')
    if (this.#wanted.has(id)) this.#put(id, body)
  }

  /** The evidence of this name, fetched when it is not here; undefined when nobody has it. */
  async obtain(id: string, fetch: () => Promise<void>): Promise<Uint8Array | undefined> {
    if (this.lacks(id)) {
      this.#wanted.add(id)
      try {
        await fetch()
      } finally {
        this.#wanted.delete(id)
      }
    }
    return this.get(id)
  }

  #put(id: string, encoded: Uint8Array): void {
    if (this.#held.has(id)) return
    this.#held.set(id, encoded)
    this.#bytes += encoded.length
    for (const [oldest, { length }] of this.#held) {
      if (this.#held.size <= ITEMS_MAX && this.#bytes <= BYTES_MAX) return
      this.#held.delete(oldest)
      this.#bytes -= length
    }
  }
}
