/**
 * One text at the device that asked for it: a session, and the steps that go through it.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import {
  drawnOf,
  Generation,
  stepTensors,
  type DrawnToken,
  type GenerationInit,
  type GenerationStep,
  type RequesterInit,
  type TensorMessage,
  type TextRows,
} from '../../protocols/inference/index.ts'
import {
  RequesterSession,
  type RequesterSessionComponents,
  type SessionEvent,
} from './requester-session.ts'
import type { PeerId } from '../../core/ids.ts'

/** What came of one step. */
export interface TextDraw {
  readonly type: 'draw'
  /** New tokens, without one that ended the text; none behind a chunk of the prompt. */
  readonly tokens: readonly DrawnToken[]
  readonly rows: TextRows
  /** What was sent to the first stage. */
  readonly input: readonly Tensor[]
  readonly output: TensorMessage
  /** From sending the step until its answer, in milliseconds. */
  readonly elapsedMs: number
  readonly transfersMs: readonly (number | undefined)[]
}

/** What a text tells its owner: draws instead of outputs, and all that a session tells. */
export type TextEvent = TextDraw | TextGiven | Exclude<SessionEvent, { type: 'output' }>

/** Rows were sent on their way. */
export interface TextGiven {
  readonly type: 'given'
  readonly rows: number
}

export interface RequesterTextComponents extends Omit<RequesterSessionComponents, 'onEvent'> {
  onEvent(event: TextEvent): void
}

export class RequesterText {
  readonly generation: Generation
  readonly #components: RequesterTextComponents
  readonly #session: RequesterSession
  /** Steps that are under way, and what was sent of them. */
  readonly #steps = new Map<number, Pick<TextDraw, 'rows' | 'input'>>()
  /** Steps below this one are the ring's to make. */
  #freeUntil = 0
  #over = false

  constructor(
    components: RequesterTextComponents,
    session: RequesterInit,
    generation: GenerationInit,
  ) {
    this.#components = components
    this.generation = new Generation(generation)
    this.#session = new RequesterSession(
      { ...components, onEvent: (event) => this.#onEvent(event) },
      session,
    )
  }

  /** Opens the stages at `peers`, one for each range, and feeds the prompt. */
  start(peers: readonly PeerId[]): void {
    this.#session.start(peers)
    this.#feedPrompt()
  }

  /** Has `peer` load a stage as well, to take over at once when its holder is lost. */
  standBy(stage: number, peer: PeerId): void {
    if (!this.#over) this.#session.standBy(stage, peer)
  }

  /** Draws no more; receipts and `closed` follow. */
  finish(): void {
    if (this.#over) return
    this.#over = true
    this.#session.finish()
  }

  /** Ends now, without receipts; nothing is told any more. */
  abort(): void {
    this.#over = true
    this.#session.abort()
  }

  #onEvent(event: SessionEvent): void {
    if (event.type === 'output') this.#onOutput(event)
    else this.#components.onEvent(event)
  }

  #onOutput({ output, elapsedMs, transfersMs }: SessionEvent & { type: 'output' }): void {
    if (this.#over) return
    const { request } = output
    const step = this.#steps.get(request)
    if (step === undefined) return
    this.#steps.delete(request)
    const tokens = this.generation.take(request, drawnOf(output.tensors) ?? []) ?? []
    // The next step is on its way before anyone hears of this one: who listens may take a while.
    if (this.generation.end === undefined) {
      this.#feedPrompt()
      this.#submit(this.generation.nextStep())
    }
    this.#components.onEvent({ type: 'draw', tokens, ...step, output, elapsedMs, transfersMs })
    if (this.generation.end !== undefined) this.finish()
  }

  /** As many chunks as the window takes: each stage works at another one. */
  #feedPrompt(): void {
    while (this.#session.capacity > 0) {
      const chunk = this.generation.nextChunk()
      if (chunk === undefined) return
      this.#submit(chunk)
    }
  }

  /** Lets the ring go on without a word of this device. What it may do is given to it as well. */
  #free(submitted: number): void {
    const until = this.generation.freeUntil
    if (until <= this.#freeUntil) return
    const rows = until - Math.max(this.#freeUntil, submitted)
    this.#freeUntil = until
    this.#session.free(until)
    if (rows > 0) this.#components.onEvent({ type: 'given', rows })
  }

  #submit(step: GenerationStep | undefined): void {
    if (step === undefined) return
    const { request, rows } = step
    const input = stepTensors(rows)
    this.#steps.set(request, { rows, input })
    this.#session.submit(request, input)
    if (request >= this.#freeUntil) {
      this.#components.onEvent({ type: 'given', rows: rows.tokens.length })
    }
    this.#free(request + 1)
  }
}
