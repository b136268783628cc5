/**
 * How busy the processors are, and with what of ours, from /proc/stat and /proc/PID/stat.
 *
 * @module
 */

import type { CpuUse } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'
import { processTree, ticksOf } from './process-tree.ts'

/** Ticks since the boot; a tick is a hundredth of a second on every Linux that people run. */
export interface ProcessorTimes {
  /** Of all processors, idle and waiting for I/O included. */
  readonly totalTicks: number
  /** Of all processors, without idle, waiting for I/O and what a hypervisor took. */
  readonly busyTicks: number
}

/** The first line of /proc/stat (proc_stat(5)); undefined when `text` is something else. */
export function processorTimes(text: string): ProcessorTimes | undefined {
  const [first = ''] = text.split('\n', 1)
  const [name, ...fields] = first.split(/\s+/)
  // user nice system idle iowait irq softirq steal; guest time is in user time already.
  const ticks = fields.slice(0, 8).map(Number)
  if (name !== 'cpu' || ticks.length < 4 || ticks.some((value) => !(value >= 0))) return undefined
  const totalTicks = ticks.reduce((sum, value) => sum + value, 0)
  const [, , , idle = 0, wait = 0, , , steal = 0] = ticks
  return { totalTicks, busyTicks: totalTicks - idle - wait - steal }
}

/** Looks again and again, and tells what happened between two looks. */
export class ProcessorGauge {
  readonly #files: HostFiles
  readonly #pid: number
  readonly #cores: number
  #last: (ProcessorTimes & { readonly ownTicks: number }) | undefined

  /** @param pid - Its whole tree of processes counts as ours. */
  constructor(files: HostFiles, init: { readonly pid: number; readonly cores: number }) {
    this.#files = files
    this.#pid = init.pid
    this.#cores = init.cores
  }

  /**
   * Undefined at the first look, and when less than a tick has passed.
   *
   * @throws {Error} when the times cannot be read.
   */
  read(): CpuUse | undefined {
    const times = processorTimes(this.#files.again('proc', 'stat'))
    const ownTicks = ticksOf(this.#files, processTree(this.#files, this.#pid))
    if (times === undefined || ownTicks === undefined) {
      throw new Error('expected times of processors, got something else')
    }
    const last = this.#last
    this.#last = { ...times, ownTicks }
    const totalTicks = times.totalTicks - (last?.totalTicks ?? times.totalTicks)
    if (last === undefined || totalTicks <= 0) return undefined
    const fraction = (ticks: number): number => Math.min(1, Math.max(0, ticks / totalTicks))
    const busyFraction = fraction(times.busyTicks - last.busyTicks)
    // Both are rounded to ticks, and not read in the same instant.
    const ownFraction = Math.min(busyFraction, fraction(ownTicks - last.ownTicks))
    return { busyFraction, ownFraction, cores: this.#cores }
  }
}
