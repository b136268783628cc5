/**
 * Whether a stage that crashed is started again, and when.
 *
 * Each crash doubles the wait before the next start; after too many within a window the stage
 * is left alone until the oldest of them falls out of it.
 *
 * @module
 */

import { RuntimeError } from './errors.ts'

export interface RestartInit {
  /** Crashes within the window after which a stage is left alone. At least 1. */
  readonly crashesMax: number
  readonly windowMs: number
  /** Wait after the first crash. */
  readonly baseMs: number
  readonly delayMsMax: number
}

export type RestartAdvice =
  /** Start it once `delayMs` have passed; 0 for at once. */
  | { readonly type: 'start'; readonly delayMs: number }
  /** Leave it alone for `delayMs`. */
  | { readonly type: 'leave'; readonly crashes: number; readonly delayMs: number }

/**
 * What to do about a stage that crashed at `crashesAtMs`, oldest first.
 *
 * @example
 * ```ts
 * const init = { crashesMax: 3, windowMs: 60_000, baseMs: 100, delayMsMax: 5_000 }
 * restartAdvice([], 0, init) // => { type: 'start', delayMs: 0 }
 * restartAdvice([0, 1_000], 1_050, init) // => { type: 'start', delayMs: 150 }
 * restartAdvice([0, 1_000, 2_000], 2_000, init) // => { type: 'leave', crashes: 3, delayMs: 58_000 }
 * ```
 */
export function restartAdvice(
  crashesAtMs: readonly number[],
  nowMs: number,
  init: RestartInit,
): RestartAdvice {
  const recent = crashesAtMs.filter((atMs) => atMs > nowMs - init.windowMs)
  const crashes = recent.length
  const lastMs = recent.at(-1)
  if (lastMs === undefined) return { type: 'start', delayMs: 0 }
  if (crashes >= init.crashesMax) {
    const oldestMs = recent[crashes - init.crashesMax] ?? lastMs
    return { type: 'leave', crashes, delayMs: oldestMs + init.windowMs - nowMs }
  }
  const waitMs = Math.min(init.baseMs * 2 ** (crashes - 1), init.delayMsMax)
  return { type: 'start', delayMs: Math.max(0, lastMs + waitMs - nowMs) }
}

/** Stages whose crashes are remembered; of more, the one that crashed longest ago is forgotten. */
const STAGES_MAX = 256

/** Remembers crashes by stage. */
export class CrashTable {
  readonly #init: RestartInit
  readonly #crashes = new Map<string, readonly number[]>()

  constructor(init: RestartInit) {
    this.#init = init
  }

  /** Notes that `stage` crashed, and advises what to do. */
  crashed(stage: string, nowMs: number): RestartAdvice {
    const before = this.#crashes.get(stage) ?? []
    this.#crashes.delete(stage)
    this.#crashes.set(stage, [...before, nowMs].slice(-this.#init.crashesMax))
    const [oldest] = this.#crashes.keys()
    if (this.#crashes.size > STAGES_MAX && oldest !== undefined) this.#crashes.delete(oldest)
    return this.advice(stage, nowMs)
  }

  advice(stage: string, nowMs: number): RestartAdvice {
    return restartAdvice(this.#crashes.get(stage) ?? [], nowMs, this.#init)
  }

  /**
   * The wait before `stage` may be started, in milliseconds.
   *
   * @throws {RuntimeError} RUNTIME_EXECUTOR_CRASHING when it is left alone for now.
   */
  delayMs(stage: string, nowMs: number): number {
    const advice = this.advice(stage, nowMs)
    if (advice.type === 'start') return advice.delayMs
    const { crashes } = advice
    const { windowMs } = this.#init
    throw new RuntimeError({ code: 'RUNTIME_EXECUTOR_CRASHING', crashes, windowMs })
  }
}
