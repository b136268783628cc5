/**
 * How busy the processors are, and with what of ours, from /proc/stat and /proc/PID/stat.
 *
 * @module
 */

import type { CpuUse } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'
import { processTree, ticksOf, type TreeTicks } from './process-tree.ts'

/** Ticks since the boot; a tick is a hundredth of a second on every Linux that people run. */
export interface ProcessorTimes {
  /** Of all processors, idle and waiting for I/O included. */
  readonly totalTicks: number
  /** Of all processors, without idle, waiting for I/O and what a hypervisor took. */
  readonly busyTicks: number
  /** The part of them that programs had which are nice: in the background by their own word. */
  readonly nicedTicks: number
}

/** The first line of /proc/stat (proc_stat(5)); undefined when `text` is something else. */
export function processorTimes(text: string): ProcessorTimes | undefined {
  const [first = ''] = text.split('\n', 1)
  const [name, ...fields] = first.split(/\s+/)
  // user nice system idle iowait irq softirq steal; guest time is in user time already.
  const ticks = fields.slice(0, 8).map(Number)
  if (name !== 'cpu' || ticks.length < 4 || ticks.some((value) => !(value >= 0))) return undefined
  const totalTicks = ticks.reduce((sum, value) => sum + value, 0)
  const [, niced = 0, , idle = 0, wait = 0, , , steal = 0] = ticks
  return { totalTicks, busyTicks: totalTicks - idle - wait - steal, nicedTicks: niced }
}

/** Looks again and again, and tells what happened between two looks; what is nice counts with ours. */
export class ProcessorGauge {
  readonly #files: HostFiles
  readonly #pid: number
  readonly #cores: number
  #last: { readonly times: ProcessorTimes; readonly own: TreeTicks } | undefined

  /** @param pid - Its whole tree of processes counts as ours. */
  constructor(files: HostFiles, init: { readonly pid: number; readonly cores: number }) {
    this.#files = files
    this.#pid = init.pid
    this.#cores = init.cores
  }

  /** Takes the look that the next one is compared with. */
  begin(): void {
    try {
      this.read()
    } catch {
      // Whoever reads hears of it.
    }
  }

  /**
   * Undefined at the first look, and when less than a tick has passed.
   *
   * @throws {Error} when the times cannot be read.
   */
  read(): CpuUse | undefined {
    const times = processorTimes(this.#files.again('proc', 'stat'))
    const own = ticksOf(this.#files, processTree(this.#files, this.#pid))
    if (times === undefined || own === undefined) {
      throw new Error('expected times of processors, got something else')
    }
    const last = this.#last
    this.#last = { times, own }
    const totalTicks = times.totalTicks - (last?.times.totalTicks ?? times.totalTicks)
    if (last === undefined || totalTicks <= 0) return undefined
    const fraction = (ticks: number): number => Math.min(1, Math.max(0, ticks / totalTicks))
    const busyFraction = fraction(times.busyTicks - last.times.busyTicks)
    const ownTicks = own.all - last.own.all
    // Other programs in the background, executors of another daemon among them, are nobody's work
    // either; ours are among those that are nice.
    const niced = times.nicedTicks - last.times.nicedTicks
    const othersNiced = Math.max(0, niced - (own.executorUser - last.own.executorUser))
    // All are rounded to ticks, and not read in the same instant.
    const ownFraction = Math.min(busyFraction, fraction(ownTicks + othersNiced))
    return { busyFraction, ownFraction, cores: this.#cores }
  }
}
