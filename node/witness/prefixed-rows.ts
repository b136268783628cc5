/**
 * Rows of one ledger among those of others in the same database: their keys begin with something of their own.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import type { LedgerRows, Row, RowChange, RowRange } from '../ledger/rows.ts'

export class PrefixedRows implements LedgerRows {
  readonly #rows: LedgerRows
  readonly #prefix: Uint8Array

  /** @param rows - Opened and closed by whoever shares them. */
  constructor(rows: LedgerRows, prefix: Uint8Array) {
    this.#rows = rows
    this.#prefix = prefix
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#rows.get(keys.map((key) => this.#key(key)))
  }

  async range({ from, to, ...rest }: RowRange): Promise<readonly Row[]> {
    const range = { from: this.#key(from), to: this.#key(to), ...rest }
    const rows = await this.#rows.range(range)
    return rows.map(({ key, value }) => ({ key: key.subarray(this.#prefix.length), value }))
  }

  write(changes: readonly RowChange[]): Promise<void> {
    return this.#rows.write(changes.map((change) => ({ ...change, key: this.#key(change.key) })))
  }

  #key(key: Uint8Array): Uint8Array {
    return concatBytes([this.#prefix, key])
  }
}
