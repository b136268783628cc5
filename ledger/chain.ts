/**
 * A log as it grows, entry by entry: each is the next one, names the one before, and is a leaf of the tree.
 *
 * The device that writes a log and everybody who checks one run this same code.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { decodeEntry, encodeEntry, type Entry, ENTRY_KINDS, entryId, NO_ENTRY } from './entry.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import { decodeRollover, genesisBody, logIdOf } from './genesis.ts'
import type { Head } from './head.ts'
import { MerkleTree, type NodeSink } from '../core/merkle-tree.ts'
import type { LedgerContext } from './signing.ts'

/** From where a chain is followed when not from its first entry. */
export interface ChainStart {
  readonly size: number
  /** Roots of the complete subtrees over the entries before, from the left. */
  readonly edge: readonly Uint8Array[]
  /** Id of the last entry before; undefined to take the word of the first entry, which the next head proves. */
  readonly tip?: Uint8Array | undefined
  readonly incarnation: number
}

/** An entry that became part of a chain. */
export interface ChainedEntry {
  readonly id: Uint8Array
  readonly entry: Entry
  readonly encoded: Uint8Array
}

/** What a new entry says; its place follows from the chain. */
export type NewEntry = Pick<Entry, 'wallMs' | 'kind' | 'body'>

export class Chain {
  readonly #context: LedgerContext
  readonly #genesis: Uint8Array
  readonly #log: Uint8Array
  readonly #tree: MerkleTree
  #tip: Uint8Array | undefined
  #incarnation: number

  /** @param device - Whose log it is. */
  constructor(context: LedgerContext, device: PeerId, start?: ChainStart) {
    const { sha256 } = context.crypto
    this.#context = context
    this.#genesis = genesisBody(context.network, device)
    this.#log = logIdOf(sha256, context.network, device)
    this.#tree = new MerkleTree(sha256, start?.size, start?.edge)
    this.#tip = start === undefined ? NO_ENTRY : start.tip
    this.#incarnation = start?.incarnation ?? 0
  }

  /** Id of the log. */
  get log(): Uint8Array {
    return this.#log
  }

  get size(): number {
    return this.#tree.size
  }

  get incarnation(): number {
    return this.#incarnation
  }

  /** From where another chain would go on as this one does. */
  get position(): ChainStart {
    const { size, edge, incarnation } = this
    return { size, edge, incarnation, tip: this.#tip }
  }

  /** Roots of the complete subtrees, from the left. */
  get edge(): readonly Uint8Array[] {
    return this.#tree.edge
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  /** What the head over the chain as it is says. */
  head(wallMs: number, epochSeen: number): Head {
    const { log, size, incarnation } = this
    return { log, size, root: this.root(), wallMs, epochSeen, incarnation }
  }

  /** Why this device may not sign, or has not signed, `head` over the chain as it is. */
  headProblem(head: Head): Refused | undefined {
    if (!bytesEqual(head.log, this.#log)) {
      return refuse('LEDGER_LOG_FOREIGN', 'expected a head of this log')
    }
    if (head.incarnation !== this.#incarnation) {
      return refuse(
        'LEDGER_ROLLOVER_INVALID',
        `expected incarnation ${this.#incarnation}, got ${head.incarnation}`,
      )
    }
    if (head.size !== this.size || !bytesEqual(head.root, this.root())) {
      return refuse('LEDGER_HEAD_MISMATCH', `expected the root over ${this.size} entries`)
    }
    return undefined
  }

  /** Writes the next entry. */
  write(entry: NewEntry, sink?: NodeSink): Result<ChainedEntry> {
    const { log, size } = this
    return this.append(encodeEntry({ log, seq: size, prev: this.#tip ?? NO_ENTRY, ...entry }), sink)
  }

  /** Takes an encoded entry when it is the next one. Nothing changes when it is refused. */
  append(encoded: Uint8Array, sink?: NodeSink): Result<ChainedEntry> {
    const admitted = this.#admit(encoded)
    if (admitted.type === 'refused') return admitted
    const { entry, incarnation } = admitted.value
    const id = entryId(this.#context.crypto.sha256, encoded)
    this.#tree.append(id, sink)
    this.#tip = id
    this.#incarnation = incarnation
    return accept({ id, entry, encoded })
  }

  /** True when {@link append} would take this entry. */
  wouldTake(encoded: Uint8Array): boolean {
    return this.#admit(encoded).type === 'value'
  }

  #admit(encoded: Uint8Array): Result<{ readonly entry: Entry; readonly incarnation: number }> {
    const decoded = decodeEntry(encoded)
    if (decoded.type === 'refused') return decoded
    const entry = decoded.value
    const problem = this.#linkProblem(entry) ?? this.#genesisProblem(entry)
    if (problem !== undefined) return problem
    const incarnation = this.#incarnationAfter(entry)
    return incarnation.type === 'refused'
      ? incarnation
      : accept({ entry, incarnation: incarnation.value })
  }

  #linkProblem({ log, seq, prev }: Entry): Refused | undefined {
    if (!bytesEqual(log, this.#log)) {
      return refuse('LEDGER_LOG_FOREIGN', 'expected an entry of this log')
    }
    if (seq !== this.size) {
      return refuse('LEDGER_SEQUENCE_GAP', `expected entry ${this.size}, got ${seq}`)
    }
    if (this.#tip !== undefined && !bytesEqual(prev, this.#tip)) {
      return refuse('LEDGER_CHAIN_BROKEN', `expected entry ${seq} to name the one before it`)
    }
    return undefined
  }

  #genesisProblem({ seq, kind, body }: Entry): Refused | undefined {
    if ((kind === ENTRY_KINDS.genesis) !== (seq === 0)) {
      return refuse(
        'LEDGER_GENESIS_INVALID',
        'expected a genesis as the first entry, and only there',
      )
    }
    return seq > 0 || bytesEqual(body, this.#genesis)
      ? undefined
      : refuse('LEDGER_GENESIS_INVALID', 'expected the genesis of this device in this mesh')
  }

  #incarnationAfter({ seq, kind, body }: Entry): Result<number> {
    if (kind !== ENTRY_KINDS.rollover) return accept(this.#incarnation)
    const rollover = decodeRollover(body)
    if (rollover.type === 'refused') return rollover
    const { incarnation, size } = rollover.value
    return incarnation > this.#incarnation && size === seq
      ? accept(incarnation)
      : refuse(
          'LEDGER_ROLLOVER_INVALID',
          `expected an incarnation after ${this.#incarnation}, from entry ${seq} on`,
        )
  }
}
