/**
 * What others do with NVIDIA's cards: the last lines of `dmon` and `pmon`, without those of ours.
 *
 * @module
 */

import type { GpuUse, ThermalZone } from '../signals.ts'
import {
  type NvidiaCard,
  nvidiaCard,
  type NvidiaProcess,
  nvidiaProcess,
  NvidiaTable,
} from './nvidia-smi.ts'

/** Cards and processes of one machine that are looked at. */
const CARDS_MAX = 16
const PROCESSES_MAX = 256

/** A process that was not listed for this time has ended, in ms: the program prints every two seconds. */
const LISTED_MS = 5_000

interface Listed extends NvidiaProcess {
  readonly atMs: number
}

export class NvidiaCards {
  readonly #own: () => ReadonlySet<number>
  readonly #cardTable = new NvidiaTable()
  readonly #processTable = new NvidiaTable()
  readonly #cards = new Map<number, NvidiaCard>()
  readonly #processes = new Map<string, Listed>()

  /** @param own - Processes that are ours. */
  constructor(own: () => ReadonlySet<number>) {
    this.#own = own
  }

  /** A line of `dmon`. True when it told of a card. */
  onCardLine(line: string): boolean {
    const row = this.#cardTable.row(line)
    const card = row === undefined ? undefined : nvidiaCard(row)
    if (card === undefined || card.card >= CARDS_MAX) return false
    this.#cards.set(card.card, card)
    return true
  }

  /** A line of `pmon`. */
  onProcessLine(line: string, nowMs: number): void {
    const row = this.#processTable.row(line)
    const process = row === undefined ? undefined : nvidiaProcess(row)
    for (const [key, { atMs }] of this.#processes) {
      if (nowMs - atMs > LISTED_MS) this.#processes.delete(key)
    }
    if (process === undefined || this.#processes.size >= PROCESSES_MAX) return
    this.#processes.set(`${process.card}/${process.pid}`, { ...process, atMs: nowMs })
  }

  /** What is known of all cards now. */
  values(): { readonly gpus: readonly GpuUse[]; readonly thermal: readonly ThermalZone[] } {
    const cards = [...this.#cards.values()].toSorted((a, b) => a.card - b.card)
    return {
      gpus: cards.map((card) => this.#use(card)),
      thermal: cards.flatMap(({ card, celsius }) =>
        celsius === undefined ? [] : { name: `nvidia ${card}`, part: 'gpu' as const, celsius },
      ),
    }
  }

  #use({ card, busyShare, memoryUsedBytes = 0 }: NvidiaCard): GpuUse {
    const own = this.#own()
    const its = [...this.#processes.values()].filter((process) => process.card === card)
    const ours = its.filter(({ pid }) => own.has(pid))
    const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
    const ownShare = sum(ours.map((process) => process.busyShare ?? 0))
    const ownBytes = sum(ours.map((process) => process.memoryUsedBytes ?? 0))
    return {
      name: `nvidia ${card}`,
      busyByOthersFraction: Math.max(0, busyShare - ownShare),
      usedByOthersBytes: Math.max(0, memoryUsedBytes - ownBytes),
      totalBytes: 0,
      display: its.some(({ draws }) => draws),
    }
  }
}
