/**
 * Rows of a ledger in a LevelDB of their own, where every write is synced to the disk.
 *
 * @module
 */

import { Level } from 'level'
import { invariant } from '../../core/invariant.ts'
import type { LedgerRows, Row, RowChange, RowRange } from '../ledger/rows.ts'
import { databaseFailure } from './database-failure.ts'

export class LevelRows implements LedgerRows {
  readonly #path: string
  #level: Level<Uint8Array, Uint8Array> | undefined

  /** @param path - Folder of the database, made on first use. */
  constructor(path: string) {
    this.#path = path
  }

  /** @throws {StorageError} `STATE_LOCKED` and what every method throws. */
  async open(): Promise<void> {
    invariant(this.#level === undefined, 'rows are opened once')
    const options = { keyEncoding: 'view', valueEncoding: 'view' } as const
    const level = new Level<Uint8Array, Uint8Array>(this.#path, options)
    await this.#guard(level.open())
    this.#level = level
  }

  async close(): Promise<void> {
    await this.#level?.close()
  }

  async get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = await this.#guard(this.#opened().getMany([...keys]))
    return values.map((value) => (value === undefined ? undefined : Uint8Array.from(value)))
  }

  async range({ from, to, limit, reverse = false }: RowRange): Promise<readonly Row[]> {
    const iterator = this.#opened().iterator({ gte: from, lt: to, limit, reverse })
    const pairs = await this.#guard(iterator.all())
    // Callers keep plain arrays; the database hands out views on its own buffers.
    return pairs.map(([key, value]) => ({
      key: Uint8Array.from(key),
      value: Uint8Array.from(value),
    }))
  }

  async write(changes: readonly RowChange[]): Promise<void> {
    await this.#guard(this.#opened().batch([...changes], { sync: true }))
  }

  #opened(): Level<Uint8Array, Uint8Array> {
    invariant(this.#level !== undefined, 'rows are used between open and close')
    return this.#level
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw databaseFailure(error, this.#path)
    }
  }
}
