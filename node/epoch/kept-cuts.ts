/**
 * What is in headers that this device proposed or voted for: on its disk before the vote, until the epoch is decided.
 *
 * Seats may be locked on a header of which they alone know what is in it. Where all of them lose their power at once,
 * and its proposer does not come back, nobody else could tell, and the epoch would never be folded.
 *
 * @module
 */

import { bytesEqual, concatBytes, toHex } from '../../core/bytes.ts'
import { bytes, decodeShape, encodeShape, record } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type CutBody,
  decodeCutBody,
  encodeCutBody,
  EPOCH_LIMITS,
  type EpochErrorCode,
} from '../../protocols/epoch/index.ts'
import type { EpochStore } from './epoch-store.ts'

/** A header, and what is in it. */
export interface KeptCut {
  readonly value: Uint8Array
  readonly body: CutBody
}

export interface KeptCutsComponents {
  readonly sha256: Sha256
  readonly logger: Logger
  readonly store: Pick<EpochStore, 'cuts' | 'keepCut' | 'dropCuts'>
}

/**
 * Headers of one epoch that are kept, those that were asked about last. A seat that is locked on one is not asked about
 * others, but for those that a later quorum prevoted: they free it.
 */
const CUTS_KEPT_MAX = 8

const { HASH_BYTES, VALUE_BYTES_MAX, CUT_BYTES_MAX } = EPOCH_LIMITS
const KEPT = record({ header: bytes(1, VALUE_BYTES_MAX), cut: bytes(1, CUT_BYTES_MAX) })

interface Entry extends KeptCut {
  /** Of its row; undefined for what is in memory only. */
  readonly row: number | undefined
  /** Resolves once it is on the disk. */
  readonly written: Promise<void>
}

export class KeptCuts {
  readonly #components: KeptCutsComponents
  /** By the hash of the header in hexadecimal, the one that was asked about last at the end. */
  readonly #entries = new Map<string, Entry>()
  #lastRow = 0

  constructor(components: KeptCutsComponents) {
    this.#components = components
  }

  /** What is in a header, by its hash. */
  get(id: Uint8Array): CutBody | undefined {
    return this.#entries.get(toHex(id))?.body
  }

  /** Remembers what is in a header, for whoever asks. */
  note({ value, body }: KeptCut): void {
    const id = this.#nameOf(value)
    if (this.#entries.has(id)) return
    this.#put(id, { value, body, row: undefined, written: Promise.resolve() })
  }

  /** The same, and puts it on the disk, in the place of what was asked about longest ago. */
  async keep({ value, body }: KeptCut): Promise<void> {
    const { store, sha256 } = this.#components
    const id = this.#nameOf(value)
    const known = this.#entries.get(id)
    const isLast = [...this.#entries.keys()].at(-1) === id
    if (known?.row !== undefined && isLast) return known.written
    const row = ++this.#lastRow
    const encoded = encodeKeptCut(sha256, { value, body })
    const { promise: written, resolve, reject } = Promise.withResolvers<void>()
    const old = this.#put(id, { value, body, row, written })
    store.keepCut(row, encoded, old).then(resolve, reject)
    await written
    // The epoch was decided in between.
    if (this.#entries.get(id)?.row !== row) await store.dropCuts([row])
  }

  /** The epoch is decided: returns the rows that are of no use any more. Who is late may still ask what was in them. */
  forget(): readonly number[] {
    const rows = [...this.#entries.values()].flatMap(({ row }) => row ?? [])
    for (const [id, entry] of this.#entries) this.#entries.set(id, { ...entry, row: undefined })
    return rows
  }

  /**
   * Reads what an earlier life kept, and gives up what does not hold; resolves to how many the disk has damaged.
   *
   * @param problemOf - What is wrong with a cut that was read; `EPOCH_MISMATCH` for one of an epoch that is over.
   */
  async restore(problemOf: (kept: KeptCut) => EpochErrorCode | undefined): Promise<number> {
    const { store, sha256, logger } = this.#components
    const useless: number[] = []
    let damaged = 0
    for (const { row, encoded } of await store.cuts()) {
      this.#lastRow = Math.max(this.#lastRow, row)
      const kept = decodeKeptCut(sha256, encoded)
      const code = kept === undefined ? 'EPOCH_CUT_DAMAGED' : problemOf(kept)
      if (kept !== undefined && code === undefined) {
        const entry = { ...kept, row, written: Promise.resolve() }
        useless.push(...this.#put(this.#nameOf(kept.value), entry))
        continue
      }
      useless.push(row)
      if (kept === undefined) damaged++
      if (code !== 'EPOCH_MISMATCH') logger.warn('kept cut does not hold', { code })
    }
    if (useless.length > 0) await store.dropCuts(useless)
    return damaged
  }

  /** Puts an entry last; returns the rows in whose place it is. */
  #put(id: string, entry: Entry): readonly number[] {
    const old = this.#entries.get(id)
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    const [first, eldest] = [...this.#entries][0] ?? []
    const isFull = this.#entries.size > CUTS_KEPT_MAX
    if (isFull && first !== undefined) this.#entries.delete(first)
    return [old?.row, isFull ? eldest?.row : undefined].flatMap((row) => row ?? [])
  }

  #nameOf(value: Uint8Array): string {
    return toHex(this.#components.sha256(value))
  }
}

/** A header and what is in it, as they are on the disk, behind the hash of both. */
export function encodeKeptCut(sha256: Sha256, { value, body }: KeptCut): Uint8Array {
  const kept = encodeShape(KEPT, { header: value, cut: encodeCutBody(body) })
  return concatBytes([sha256(kept), kept])
}

/** Reads a cut that was kept; undefined when it is not what was written. */
export function decodeKeptCut(sha256: Sha256, encoded: Uint8Array): KeptCut | undefined {
  const kept = encoded.subarray(HASH_BYTES)
  if (!bytesEqual(sha256(kept), encoded.subarray(0, HASH_BYTES))) return undefined
  const decoded = decodeShape(KEPT, kept)
  if (decoded.type === 'refused') return undefined
  const body = decodeCutBody(decoded.value.cut)
  return body.type === 'refused' ? undefined : { value: decoded.value.header, body: body.value }
}
