/**
 * What a ledger is kept in: rows in the order of their keys' bytes, written several at a time.
 *
 * Two things implement it: the database on the disk, and one in memory that fails as disks do.
 *
 * @module
 */

export interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export type RowChange =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

export interface RowRange {
  /** The first key. */
  readonly from: Uint8Array
  /** The key after the last. */
  readonly to: Uint8Array
  /** At most so many rows, at least one. */
  readonly limit: number
  /** True for the last rows of the range, the last first. */
  readonly reverse?: boolean
}

/** Every method throws a {@link StorageError}, or whatever the disk said, and is then never called again. */
export interface LedgerRows {
  open(): Promise<void>
  close(): Promise<void>
  /** The value of each key, or undefined, in their order. */
  get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>
  range(range: RowRange): Promise<readonly Row[]>
  /** All of `changes` or none; they are on the disk, and stay there, when this resolves. */
  write(changes: readonly RowChange[]): Promise<void>
}
