/**
 * How long the work that an executor is at may take, and whether it gets on with it.
 *
 * @module
 */

import type { RuntimeFailure } from './errors.ts'
import { activityOf, LOOK_MS, StallWatch } from './stall-watch.ts'

/** How long something may take, and what it fails with when it takes longer. */
export interface RunLimit {
  readonly limitMs: number
  readonly failure: RuntimeFailure
}

export interface RunDeadlineInit {
  pid(): number
  /** The work took too long, or its process hangs. */
  over(failure: RuntimeFailure): void
}

export class RunDeadline {
  readonly #init: RunDeadlineInit
  readonly #stall = new StallWatch()
  #timer: NodeJS.Timeout | undefined
  #look: NodeJS.Timeout | undefined
  #isWatched = false

  constructor(init: RunDeadlineInit) {
    this.#init = init
  }

  /**
   * Work begins, or goes on after a pause.
   *
   * @param isWatched - That its process is to be looked at meanwhile: no load, which waits for other
   * programs, and nothing on an accelerator, which computes without the processor.
   */
  begin({ limitMs, failure }: RunLimit, isWatched: boolean): void {
    this.end()
    this.#timer = setTimeout(() => this.#init.over(failure), limitMs)
    this.#isWatched = isWatched
    if (!isWatched) return
    this.#stall.begin()
    // Most runs are over before the first look.
    this.#look = this.#look?.refresh() ?? setTimeout(() => this.#lookAtRun(), LOOK_MS).unref()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#isWatched = false
  }

  /** A run that hangs need not have all the time that a slow one has. */
  #lookAtRun(): void {
    const activity = this.#isWatched ? activityOf(this.#init.pid()) : undefined
    if (activity === undefined) return
    if (!this.#stall.look(activity, performance.now())) this.#look?.refresh()
    else this.#init.over({ code: 'RUNTIME_RUN_STALLED' })
  }
}
