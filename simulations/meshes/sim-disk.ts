/**
 * The disk of one device: writes take time, those under way when the power goes are lost from some point on, and
 * what lies there may rot.
 *
 * What was answered stays, as the database promises: a device whose disk lies about that cannot keep what it
 * promised others, and counts among those that keep no rules.
 *
 * @module
 */

import type { SeededRandom } from '../../core/random.ts'
import { toHex, utf8 } from '../../core/bytes.ts'
import type { SeatMemory } from '../../node/epoch/vote-keeper.ts'
import { type Disk, DiskError, MemoryRows } from '../../node/ledger/memory-rows.ts'
import type { LedgerRows, Row, RowChange, RowRange } from '../../node/ledger/rows.ts'
import { below } from '../faults.ts'
import type { SimDevice } from '../sim-device.ts'

/** How a disk does now. */
export interface DiskState {
  /** Longest write, in ms. */
  readonly writeMsMax: number
  /** `full`: nothing is written. `broken`: a write fails, and may be there. Both end the daemon. */
  readonly fault: 'none' | 'full' | 'broken'
}

export const WELL: DiskState = { writeMsMax: 5, fault: 'none' }

interface Write {
  readonly changes: readonly RowChange[]
  readonly resolve: () => void
  readonly reject: (error: DiskError) => void
}

export class SimDisk {
  state: DiskState = WELL
  /** Something that was answered is not there any more as it was. */
  rotten = false
  readonly #random: SeededRandom
  readonly #rows = new MemoryRows()
  /** Not answered yet, in their order. */
  readonly #under: Write[] = []

  constructor(random: SeededRandom) {
    this.#random = random
    void this.#rows.open()
  }

  /** The rows, as a start of the device has them. */
  opened(life: SimDevice): LedgerRows {
    return {
      open: async () => {},
      close: async () => {},
      get: (keys) => this.#rows.get(keys),
      range: (range) => this.#rows.range(range),
      write: (changes) => this.#write(life, changes),
    }
  }

  /** The same for small values by their names. */
  memory(life: SimDevice): SeatMemory {
    return {
      get: async (key) => (await this.#rows.get([utf8(key)]))[0],
      put: (key, value) => this.#write(life, [{ type: 'put', key: utf8(key), value }]),
    }
  }

  /** What lies there now, as nobody but a checker sees it. */
  range(range: RowRange): Promise<readonly Row[]> {
    return this.#rows.range(range)
  }

  /** The same for one row, at this moment. */
  read(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.disk.get(toHex(key))
  }

  /** True when `test` is true of some row. */
  some(test: (value: Uint8Array) => boolean): boolean {
    return [...this.#rows.disk.values()].some(test)
  }

  /** The power goes: of what was under way some is there, one write perhaps in part, and nothing after it. */
  crash(): void {
    const writes = this.#under.splice(0)
    const whole = below(this.#random, writes.length + 1)
    for (const { changes } of writes.slice(0, whole)) this.#apply(changes)
    const torn = writes[whole]?.changes ?? []
    this.#apply(torn.filter(() => this.#random.fraction() < 0.25))
  }

  /** One bit of one row is another one. */
  rot(): void {
    const { disk } = this.#rows
    const keys = [...disk.keys()].toSorted()
    const key = keys[below(this.#random, keys.length)]
    const value = key === undefined ? undefined : disk.get(key)
    if (key === undefined || value === undefined || value.length === 0) return
    const rotten = Uint8Array.from(value)
    const at = below(this.#random, rotten.length)
    rotten[at] = (rotten[at] ?? 0) ^ (1 << below(this.#random, 8))
    disk.set(key, rotten)
    this.rotten = true
  }

  /** What lies there, to go back to. */
  copy(): Disk {
    return new Map(this.#rows.disk)
  }

  /** Lies there in the place of all else. */
  restore(copy: Disk): void {
    this.#rows.disk.clear()
    for (const [key, value] of copy) this.#rows.disk.set(key, value)
  }

  #write(life: SimDevice, changes: readonly RowChange[]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // What runs on in a process that has ended writes nothing.
    if (!life.alive) return promise
    this.#under.push({ changes, resolve, reject })
    if (this.#under.length === 1) this.#next(life)
    return promise
  }

  #next(life: SimDevice): void {
    const ms = this.#random.fraction() * this.state.writeMsMax
    life.after(ms, 'work', () => {
      const write = this.#under.shift()
      if (write === undefined) return
      this.#finish(write)
      if (this.#under.length > 0) this.#next(life)
    })
  }

  #finish({ changes, resolve, reject }: Write): void {
    const { fault } = this.state
    const isThere = fault === 'none' || (fault === 'broken' && this.#random.fraction() < 0.5)
    if (isThere) this.#apply(changes)
    if (fault === 'none') resolve()
    else reject(new DiskError(fault === 'full' ? 'ENOSPC' : 'EIO'))
  }

  #apply(changes: readonly RowChange[]): void {
    void this.#rows.write(changes)
  }
}
