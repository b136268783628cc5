/**
 * How long work waited for a resource, from /proc/pressure (PSI, Documentation/accounting/psi.rst).
 *
 * The kernel's own averages are of ten seconds and more; differences of its totals show the last
 * quarter of a second.
 *
 * @module
 */

import type { Pressure } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

/** Microseconds since the boot in which some, or all, work waited. */
export interface StallTimes {
  readonly someUs: number
  /** 0 where the kernel does not tell it. */
  readonly fullUs: number
}

/** Undefined when `text` is not what /proc/pressure/cpu, memory or io holds. */
export function stallTimes(text: string): StallTimes | undefined {
  const total = (kind: string): number | undefined => {
    const found = new RegExp(`^${kind} .*total=(\\d{1,15})$`, 'm').exec(text)
    return found === null ? undefined : Number(found[1])
  }
  const someUs = total('some')
  return someUs === undefined ? undefined : { someUs, fullUs: total('full') ?? 0 }
}

interface Look {
  readonly atMs: number
  readonly cpu: StallTimes
  readonly memory: StallTimes
  readonly io: StallTimes
}

/** Looks again and again, and tells what happened between two looks. */
export class PressureGauge {
  readonly #files: HostFiles
  #last: Look | undefined

  constructor(files: HostFiles) {
    this.#files = files
  }

  /**
   * Undefined at the first look. `ownWaits` says that work of ours may have been what waited.
   *
   * @throws {Error} where the kernel keeps no such times.
   */
  read(nowMs: number, ownWaits: boolean): Pressure | undefined {
    const look = {
      atMs: nowMs,
      cpu: this.#stalls('cpu'),
      memory: this.#stalls('memory'),
      io: this.#stalls('io'),
    }
    const last = this.#last
    this.#last = look
    if (last === undefined || nowMs <= last.atMs) return undefined
    const elapsedUs = (nowMs - last.atMs) * 1000
    const fraction = (after: number, before: number): number =>
      Math.min(1, Math.max(0, (after - before) / elapsedUs))
    return {
      cpuSomeFraction: fraction(look.cpu.someUs, last.cpu.someUs),
      memorySomeFraction: fraction(look.memory.someUs, last.memory.someUs),
      memoryFullFraction: fraction(look.memory.fullUs, last.memory.fullUs),
      ioSomeFraction: fraction(look.io.someUs, last.io.someUs),
      ofOthersOnly: !ownWaits,
    }
  }

  #stalls(resource: string): StallTimes {
    const stalls = stallTimes(this.#files.again('proc', `pressure/${resource}`))
    if (stalls === undefined)
      throw new Error(`expected pressure of ${resource}, got something else`)
    return stalls
  }
}
