/**
 * A ledger as it lies on a simulated disk at this moment, as nobody but a checker sees it.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { decodeShape } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { decodeHead, entryId, type Head, MerkleTree, SIGNED_HEAD } from '../../ledger/index.ts'
import { entryKey, HEAD_KEY } from '../../node/ledger/ledger-keys.ts'
import type { SimDisk } from '../meshes/sim-disk.ts'

interface KnownEntry {
  readonly value: Uint8Array
  readonly id: Uint8Array
  readonly hex: string
}

export class LedgerOnDisk {
  readonly #sha256: Sha256
  readonly #disk: SimDisk
  /** Entries as they were when they were last looked at. */
  #known: KnownEntry[] = []
  /** The root over the first so many of them. */
  readonly #roots: string[] = []
  #tree: MerkleTree

  constructor(sha256: Sha256, disk: SimDisk) {
    this.#sha256 = sha256
    this.#disk = disk
    this.#tree = new MerkleTree(sha256)
  }

  /** True when the head there is this one, or a later one. */
  hasHead({ incarnation, size }: Pick<Head, 'incarnation' | 'size'>): boolean {
    const row = this.#disk.read(HEAD_KEY)
    const signed = row === undefined ? undefined : decodeShape(SIGNED_HEAD, row)
    const head = signed?.type === 'value' ? decodeHead(signed.value) : undefined
    if (head?.type !== 'value') return false
    return head.value.incarnation >= incarnation && head.value.size >= size
  }

  /** Ids of the entries that follow one another from the first on, in hexadecimal. */
  ids(): readonly string[] {
    this.#look()
    return this.#known.map(({ hex }) => hex)
  }

  /** The root over the first `size` entries, in hexadecimal; undefined when there are fewer. */
  rootAt(size: number): string | undefined {
    this.#look()
    return this.#roots[size - 1]
  }

  /** True when some row holds these bytes. */
  holds(bytes: Uint8Array): boolean {
    const part = Buffer.from(bytes)
    return this.#disk.some(({ buffer, byteOffset, length }) =>
      Buffer.from(buffer, byteOffset, length).includes(part),
    )
  }

  #look(): void {
    for (let seq = 0; ; seq++) {
      const value = this.#disk.read(entryKey(seq))
      const known = this.#known[seq]
      if (value !== known?.value) this.#forget(seq)
      if (value === undefined) return
      if (value === known?.value) continue
      const id = entryId(this.#sha256, value)
      this.#known.push({ value, id, hex: toHex(id) })
      this.#tree.append(id)
      this.#roots.push(toHex(this.#tree.root()))
    }
  }

  /** Entries from `seq` on are others than before. */
  #forget(seq: number): void {
    if (seq >= this.#known.length) return
    this.#known = this.#known.slice(0, seq)
    this.#roots.length = seq
    this.#tree = new MerkleTree(this.#sha256)
    for (const { id } of this.#known) this.#tree.append(id)
  }
}
