/**
 * Rows in memory, which fail as disks do when they are told to: for tests and simulations.
 *
 * What a crash leaves behind is up to the fault: the whole of a write, nothing of it, or, on a
 * disk worse than the database promises, a part. `disk` is what a process finds that opens it again.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import type { LedgerRows, Row, RowChange, RowRange } from './rows.ts'

/** What happens to a write. */
export type WriteFault =
  | 'none'
  /** The process dies, and nothing of the write is there. */
  | 'lost'
  /** The process dies, and all of it is there: nobody was told. */
  | 'unanswered'
  /** The process dies, and a part of it is there. */
  | 'torn'
  /** The disk says that it is full; nothing is there. */
  | 'ENOSPC'
  /** The disk fails, and whether the write is there is open: half the time it is. */
  | 'EIO'

/** Rows as they lie on a disk, by their key in hexadecimal. */
export type Disk = Map<string, Uint8Array>

export interface MemoryRowsInit {
  /** What is there already; it is changed in place. */
  readonly disk?: Disk
  /** Asked before each write, with what is to be written. */
  readonly fault?: (changes: readonly RowChange[]) => WriteFault
  /** A draw from [0, 1), for faults that leave something open. */
  readonly fraction?: () => number
}

/** Thrown by a write in which the process dies, and by every call after it. */
export class Crashed extends Error {}

/** Thrown by a write that the disk refused. */
export class DiskError extends Error {
  readonly code: 'ENOSPC' | 'EIO'

  constructor(code: 'ENOSPC' | 'EIO') {
    super(code)
    this.code = code
  }
}

export class MemoryRows implements LedgerRows {
  readonly disk: Disk
  readonly #fault: (changes: readonly RowChange[]) => WriteFault
  readonly #fraction: () => number
  #open = false
  #crashed = false

  constructor(init: MemoryRowsInit = {}) {
    this.disk = init.disk ?? new Map()
    this.#fault = init.fault ?? (() => 'none')
    this.#fraction = init.fraction ?? (() => 0)
  }

  async open(): Promise<void> {
    this.#open = true
  }

  async close(): Promise<void> {
    this.#open = false
  }

  async get(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#check()
    return keys.map((key) => this.disk.get(toHex(key)))
  }

  async range({ from, to, limit, reverse }: RowRange): Promise<readonly Row[]> {
    this.#check()
    const [first, end] = [toHex(from), toHex(to)]
    const keys = [...this.disk.keys()].filter((key) => key >= first && key < end).toSorted()
    const chosen = (reverse === true ? keys.toReversed() : keys).slice(0, limit)
    return chosen.map((key) => ({
      key: Uint8Array.from(Buffer.from(key, 'hex')),
      value: this.disk.get(key) ?? new Uint8Array(),
    }))
  }

  async write(changes: readonly RowChange[]): Promise<void> {
    this.#check()
    const fault = this.#fault(changes)
    if (fault === 'none' || fault === 'unanswered') this.#apply(changes)
    if (fault === 'torn') this.#apply(changes.filter(() => this.#fraction() < 0.5))
    if (fault === 'EIO' && this.#fraction() < 0.5) this.#apply(changes)
    if (fault === 'ENOSPC' || fault === 'EIO') throw new DiskError(fault)
    if (fault !== 'none') this.#crash()
  }

  #apply(changes: readonly RowChange[]): void {
    for (const change of changes) {
      if (change.type === 'put') this.disk.set(toHex(change.key), Uint8Array.from(change.value))
      else this.disk.delete(toHex(change.key))
    }
  }

  #crash(): never {
    this.#crashed = true
    throw new Crashed('the process died')
  }

  #check(): void {
    if (this.#crashed) throw new Crashed('the process is dead')
    invariant(this.#open, 'rows are used between open and close')
  }
}
