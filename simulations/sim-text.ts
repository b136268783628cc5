/**
 * The text that a simulated requester asks for: what it submits next, and what has come of it.
 *
 * @module
 */

import type { Tensor } from '../core/tensor.ts'
import {
  GREEDY_SAMPLING,
  drawnOf,
  Generation,
  stepTensors,
  type GenerationStep,
  type RequesterInput,
  type SamplingRecord,
} from '../protocols/inference/index.ts'

/** What is written. */
export interface TextPlan {
  readonly prompt: readonly number[]
  readonly tokens: number
  /** How many tokens are guessed now and then, mostly wrong ones; 0 for none. */
  readonly guesses: number
  /** Ends the text at this many tokens, as a stop string does: nobody in the ring knows of it. */
  readonly stopAt: number | undefined
  /** Whether devices stand by for its stages. */
  readonly standbys: boolean
}

/** The token that ends a text. */
export const STOP_TOKEN = 0

const CHUNK_ROWS = 4

/** How the last stage draws; the make-believe model heeds only what ends a text. */
export const SIM_SAMPLING: SamplingRecord = { ...GREEDY_SAMPLING, stopTokens: [STOP_TOKEN] }

export class SimTextRequest {
  readonly #generation: Generation
  readonly #stopAt: number
  #submitted = 0
  #free = 0
  #over = false

  constructor({ prompt, tokens, guesses, stopAt }: TextPlan) {
    this.#stopAt = stopAt ?? tokens
    const propose = (text: readonly number[]): readonly number[] =>
      text.length % 5 < 2 ? text.slice(-guesses) : []
    this.#generation = new Generation({
      prompt,
      tokensMax: tokens,
      stopTokens: new Set([STOP_TOKEN]),
      chunkRowsMax: CHUNK_ROWS,
      ...(guesses === 0 ? {} : { propose }),
    })
  }

  /** Requests that were submitted so far. */
  get submitted(): number {
    return this.#submitted
  }

  get answer(): readonly number[] {
    return this.#generation.answer
  }

  get over(): boolean {
    return this.#over
  }

  /** Chunks of the prompt, as long as `capacity` says that there is room. */
  *prompt(capacity: () => number): Generator<RequesterInput> {
    while (capacity() > 0) {
      const chunk = this.#generation.nextChunk()
      if (chunk === undefined) return
      yield* this.#submit(chunk)
    }
  }

  /** What follows from an output. */
  *take(request: number, tensors: readonly Tensor[]): Generator<RequesterInput> {
    this.#generation.take(request, drawnOf(tensors) ?? [])
    this.#over = this.#generation.end !== undefined || this.answer.length >= this.#stopAt
    const step = this.#over ? undefined : this.#generation.nextStep()
    if (step !== undefined) yield* this.#submit(step)
  }

  *#submit({ request, rows }: GenerationStep): Generator<RequesterInput> {
    this.#submitted++
    yield { type: 'submit', request, tensors: stepTensors(rows) }
    const until = this.#generation.freeUntil
    if (until <= this.#free) return
    this.#free = until
    yield { type: 'free', until }
  }
}
