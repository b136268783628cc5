/**
 * What of a device outlives its processes: its ledger, what it witnessed, and small values by their names.
 *
 * A folder that is put back from a copy, or made anew, is another folder: a device can tell. A machine that is set back
 * as a whole cannot.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { SeededRandom } from '../../core/random.ts'
import type { DeviceLedgerComponents } from '../../node/ledger/device-ledger.ts'
import type { Disk } from '../../node/ledger/memory-rows.ts'
import type { LedgerRows, RowChange } from '../../node/ledger/rows.ts'
import { below } from '../faults.ts'
import { type DiskState, SimDisk } from '../meshes/sim-disk.ts'
import type { SimDevice } from '../sim-device.ts'

/** All that lies there, to go back to. */
export interface DisksCopy {
  readonly ledger: Disk
  readonly witness: Disk
  readonly state: Disk
}

/** Told of each write as it begins, and once it is on the disk; false when the process ends with it. */
export type WriteWatch = (moment: 'during' | 'after') => boolean

export class LedgerDisks {
  readonly ledger: SimDisk
  readonly witness: SimDisk
  readonly state: SimDisk
  readonly #random: SeededRandom
  /** Which folder the ledger lies in, and which all of it. */
  #folder = 0
  #ledgerFolder = 0

  constructor(random: SeededRandom) {
    this.#random = random
    this.ledger = new SimDisk(random)
    this.witness = new SimDisk(random)
    this.state = new SimDisk(random)
  }

  get #all(): readonly SimDisk[] {
    return [this.ledger, this.witness, this.state]
  }

  /** The rows of a folder, as one start of the device has them. */
  openRows(life: SimDevice, watch: WriteWatch): (folder: string) => LedgerRows {
    return (folder) => {
      const rows = (folder.includes('/witness/') ? this.witness : this.ledger).opened(life)
      return { ...rows, write: (changes) => written(rows, changes, watch) }
    }
  }

  /** Small values. One that need not be on the disk at once may be lost with the power. */
  memory(life: SimDevice): DeviceLedgerComponents['state'] {
    const memory = this.state.memory(life)
    return {
      get: (key) => memory.get(key),
      put: async (key, value, options) => {
        const put = memory.put(key, value, options)
        // What fails later than it was answered is missed by nobody.
        if (options.sync) await put
        else void put.catch(() => undefined)
      },
    }
  }

  async madeFolder(path: string): Promise<Uint8Array> {
    return utf8(path.includes('/ledger/') ? `ledger ${this.#ledgerFolder}` : `all ${this.#folder}`)
  }

  set condition(state: DiskState) {
    for (const disk of this.#all) disk.state = state
  }

  get condition(): DiskState {
    return this.ledger.state
  }

  crash(): void {
    for (const disk of this.#all) disk.crash()
  }

  /** A bit of what lies there is another one: of the ledger, most often. */
  rot(): void {
    if (below(this.#random, 3) === 0) this.witness.rot()
    else this.ledger.rot()
  }

  /** Nothing of the ledger lies there any more. */
  wipe(): void {
    this.ledger.restore(new Map())
    this.#ledgerFolder++
  }

  copy(): DisksCopy {
    const { ledger, witness, state } = this
    return { ledger: ledger.copy(), witness: witness.copy(), state: state.copy() }
  }

  /** The machine is set back as a whole: nothing tells that anything happened. */
  setBack(copy: DisksCopy): void {
    this.ledger.restore(copy.ledger)
    this.witness.restore(copy.witness)
    this.state.restore(copy.state)
  }

  /** Somebody puts all folders back from a copy. */
  restore(copy: DisksCopy): void {
    this.setBack(copy)
    this.#folder++
    this.#ledgerFolder++
  }
}

async function written(
  rows: LedgerRows,
  changes: readonly RowChange[],
  watch: WriteWatch,
): Promise<void> {
  const writing = rows.write(changes)
  const goesOn = watch('during')
  await writing
  if (goesOn && watch('after')) return
  // Whoever waits for this has ended.
  await Promise.withResolvers<void>().promise
}
