/**
 * The rows of one write, gathered entry by entry.
 *
 * @module
 */

import type { Chain, ChainedEntry, LedgerContext, NodeSink } from '../../ledger/index.ts'
import { entryRows } from './entry-rows.ts'
import { nodesRow } from './node-rows.ts'
import type { RowChange } from './rows.ts'

export class WriteBatch {
  readonly #context: LedgerContext
  readonly #start: number
  readonly #changes: RowChange[] = []
  readonly #nodes: Uint8Array[] = []

  /** @param start - Entries of the log before those of this write. */
  constructor(context: LedgerContext, start: number) {
    this.#context = context
    this.#start = start
  }

  /** To be told of the tree's nodes while an entry is added to the chain. */
  readonly sink: NodeSink = (_level, _index, hash) => {
    this.#nodes.push(hash)
  }

  /** Takes the entry that `chain` has just taken. */
  take(chain: Chain, entry: ChainedEntry): void {
    this.#changes.push(...entryRows(this.#context, chain, entry))
  }

  /** Takes rows that are no entry's. */
  push(rows: readonly RowChange[]): void {
    this.#changes.push(...rows)
  }

  /** True when an entry is in it. */
  get grows(): boolean {
    return this.#nodes.length > 0
  }

  /** All rows. */
  get changes(): readonly RowChange[] {
    return this.grows ? [...this.#changes, nodesRow(this.#start, this.#nodes)] : this.#changes
  }
}
