/**
 * How busy the processors are where there is no /proc: what Node tells, and what runs of ours took.
 *
 * @module
 */

import { cpus } from 'node:os'
import type { CpuUse } from '../signals.ts'

interface Look {
  readonly totalMs: number
  readonly idleMs: number
  readonly ownMs: number
}

/** Looks again and again, and tells what happened between two looks. */
export class OsProcessorGauge {
  readonly #ownMs: () => number
  #last: Look | undefined

  /** @param ownMs - Processor time that work of ours has taken so far, in ms. */
  constructor(ownMs: () => number) {
    this.#ownMs = ownMs
  }

  /** Undefined at the first look. @throws {Error} where the system does not tell. */
  read(): CpuUse | undefined {
    const processors = cpus()
    if (processors.length === 0) throw new Error('expected times of processors, got none')
    const times = processors.map((processor) => Object.values(processor.times))
    const look = {
      totalMs: times.flat().reduce((sum, ms) => sum + ms, 0),
      idleMs: processors.reduce((sum, processor) => sum + processor.times.idle, 0),
      ownMs: this.#ownMs(),
    }
    const last = this.#last
    this.#last = look
    const totalMs = look.totalMs - (last?.totalMs ?? look.totalMs)
    if (last === undefined || totalMs <= 0) return undefined
    const fraction = (ms: number): number => Math.min(1, Math.max(0, ms / totalMs))
    const busyFraction = fraction(totalMs - (look.idleMs - last.idleMs))
    const ownFraction = Math.min(busyFraction, fraction(look.ownMs - last.ownMs))
    return { busyFraction, ownFraction, cores: processors.length }
  }
}
