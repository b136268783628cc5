/**
 * Steps of texts that wait for one loaded stage: those of several texts go to its executor together.
 *
 * Weights are what a short step costs, and a run reads them once for all of its texts. Nothing waits
 * for company: whatever is there when the executor is free goes, alone or not.
 *
 * @module
 */

import type { Executor, ExecutorRun, TextStep } from '../runtime/executor-spec.ts'
import { InferenceError } from '../../protocols/inference/index.ts'

/** Rows of a step that goes with others: a token, or one with drafts behind it. More pay for the weights alone. */
const COMPANY_ROWS_MAX = 8

/** Long steps handed over at once: one computes while the next one's tensors travel. */
const RUNS_AT_ONCE = 2

/** What a step gave. */
export interface StepRun extends ExecutorRun {
  /** Its part of `computeUs`, which is the time of all that were run together. */
  readonly ownUs: number
}

interface Entry {
  readonly step: TextStep
  readonly resolve: (run: StepRun) => void
  readonly reject: (error: unknown) => void
}

export class StepBatcher {
  readonly #executor: Pick<Executor, 'step' | 'steps'>
  readonly #textsMax: number
  readonly #waiting: Entry[] = []
  #running = 0
  /** What went last was long: short ones that wait are next. */
  #wasLong = false

  /** @param textsMax - Texts that go together at most; one when it is not proved that bits stay the same. */
  constructor(executor: Pick<Executor, 'step' | 'steps'>, textsMax: number) {
    this.#executor = executor
    this.#textsMax = textsMax
  }

  /**
   * As {@link Executor.step}; steps of one text are done in the order of the calls.
   *
   * @throws {RuntimeError} as that does; {InferenceError} INFERENCE_SESSION_UNKNOWN when its text has left.
   */
  run(step: TextStep): Promise<StepRun> {
    if (this.#textsMax < 2) return this.#alone(step)
    const { promise, resolve, reject } = Promise.withResolvers<StepRun>()
    this.#waiting.push({ step, resolve, reject })
    this.#pump()
    return promise
  }

  /** Drops what waits of a text. */
  leave(slot: number): void {
    for (const entry of this.#waiting.filter(({ step }) => step.slot === slot)) {
      this.#waiting.splice(this.#waiting.indexOf(entry), 1)
      entry.reject(new InferenceError({ code: 'INFERENCE_SESSION_UNKNOWN' }))
    }
  }

  #pump(): void {
    while (this.#running < RUNS_AT_ONCE) {
      const batch = this.#next()
      const [first] = batch
      if (first === undefined) return
      // What is short can still gain company while another run goes.
      if (this.#running > 0 && !isLong(first)) return
      for (const entry of batch) this.#waiting.splice(this.#waiting.indexOf(entry), 1)
      this.#wasLong = isLong(first)
      void this.#run(batch)
    }
  }

  /** What goes next: a long step, or short ones of several texts. Neither waits for two of the other. */
  #next(): readonly Entry[] {
    const seen = new Set<number>()
    // Of one text only the first one: the others follow from it.
    const ready = this.#waiting.filter(({ step: { slot } }) => !seen.has(slot) && seen.add(slot))
    const short = ready.filter((entry) => !isLong(entry)).slice(0, this.#textsMax)
    const long = ready.find(isLong)
    const isOldest = long !== undefined && long === ready[0] && !this.#wasLong
    return long !== undefined && (isOldest || short.length === 0) ? [long] : short
  }

  async #run(batch: readonly Entry[]): Promise<void> {
    this.#running++
    try {
      const { outputs, computeUs } = await this.#executor.steps(batch.map(({ step }) => step))
      this.#done()
      const rows = batch.reduce((sum, { step }) => sum + step.rows.tokens.length, 0)
      for (const [index, { step, resolve }] of batch.entries()) {
        const ownUs = Math.round((computeUs * step.rows.tokens.length) / rows)
        resolve({ outputs: outputs[index] ?? [], computeUs, ownUs })
      }
    } catch (error) {
      const [only, ...others] = batch
      if (others.length === 0) only?.reject(error)
      // One of them spoilt it for all: alone, each fails for itself.
      else for (const { step, resolve, reject } of batch) this.#alone(step).then(resolve, reject)
      this.#done()
    }
  }

  async #alone(step: TextStep): Promise<StepRun> {
    const run = await this.#executor.step(step)
    return { ...run, ownUs: run.computeUs }
  }

  /** What comes next is on its way before anybody is told what came last. */
  #done(): void {
    this.#running--
    this.#pump()
  }
}

function isLong({ step }: Entry): boolean {
  return step.rows.tokens.length > COMPANY_ROWS_MAX
}
