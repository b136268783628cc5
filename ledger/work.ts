/**
 * How much work was done: a vector of facts, and the one number that people see.
 *
 * Work is a property of the job: floating-point operations of its layers times tokens, or of its
 * graph, or the fuel of its WASM. Time and level are told beside it and earn nothing, because a
 * device could make them up, or be slow.
 *
 * @module
 */

import { record, type ShapeOf, uint } from '../core/cbor-shape.ts'

/** All of it, as integers. */
export const WORK = record({
  /** Floating-point operations of the job, in millions. */
  mflop: uint(),
  /** Instructions of WASM tasks as its metering counts them, in millions. */
  mfuel: uint(),
  /** Time on processors, in milliseconds. */
  cpuMs: uint(),
  /** Time on accelerators, in milliseconds. */
  gpuMs: uint(),
  bytesIn: uint(),
  bytesOut: uint(),
  /** From accepting to the result, in milliseconds. */
  elapsedMs: uint(),
  /** Share of the device that its owner granted, in thousandths. */
  levelPermille: uint(1_000),
})

export type Work = ShapeOf<typeof WORK>

export const NO_WORK: Work = {
  mflop: 0,
  mfuel: 0,
  cpuMs: 0,
  gpuMs: 0,
  bytesIn: 0,
  bytesOut: 0,
  elapsedMs: 0,
  levelPermille: 0,
}

/**
 * What `work` is worth, in thousandths of a credit: one credit is 10^12 operations or instructions.
 *
 * @example
 * ```ts
 * milliCreditsOf({ ...NO_WORK, mflop: 2_500 }) // => 2
 * ```
 */
export function milliCreditsOf({ mflop, mfuel }: Pick<Work, 'mflop' | 'mfuel'>): number {
  return Math.floor(mflop / 1_000) + Math.floor(mfuel / 1_000)
}

/** Both together. The level is that of the greater part, and every sum ends at 2^53 - 1. */
export function addWork(a: Work, b: Work): Work {
  const sum = (key: keyof Work): number => Math.min(a[key] + b[key], Number.MAX_SAFE_INTEGER)
  return {
    mflop: sum('mflop'),
    mfuel: sum('mfuel'),
    cpuMs: sum('cpuMs'),
    gpuMs: sum('gpuMs'),
    bytesIn: sum('bytesIn'),
    bytesOut: sum('bytesOut'),
    elapsedMs: sum('elapsedMs'),
    levelPermille: a.elapsedMs >= b.elapsedMs ? a.levelPermille : b.levelPermille,
  }
}
