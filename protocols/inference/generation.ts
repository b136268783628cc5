/**
 * The steps of one text, at the device that asked for it: its prompt in chunks, then a step a draw.
 *
 * Requests are numbered from 0 as they are made. A step holds the token that was drawn last and
 * drafts behind it; as many as were drawn again count, and the next step goes on behind them.
 *
 * Where nothing is guessed the ring of the stages makes the steps by itself, and the same ones are
 * made here when the draws come. It is let run as many steps ahead as there was nothing to guess.
 *
 * @module
 */

import { FREE_STEPS_MAX } from './limits.ts'
import { mayBeDrawn, type DrawnToken, type TextRows } from './text-rows.ts'

/** Guesses tokens that may follow `tokens`; each costs a row, and saves a step when it is right. */
export type DraftProposer = (tokens: readonly number[]) => readonly number[]

export interface GenerationInit {
  /** At least one token. */
  readonly prompt: readonly number[]
  /** Tokens to draw at most. */
  readonly tokensMax: number
  /** Tokens that end the text, and are not part of it. */
  readonly stopTokens: ReadonlySet<number>
  /** Rows of one chunk of the prompt. */
  readonly chunkRowsMax: number
  readonly propose?: DraftProposer
}

export interface GenerationStep {
  readonly request: number
  readonly rows: TextRows
}

/** Why a text ended: a stop token was drawn, or as many tokens as were asked for. */
export type GenerationEnd = 'stop' | 'length'

export class Generation {
  readonly #init: GenerationInit
  /** Prompt and answer. */
  readonly #tokens: number[]
  /** Rows of the prompt that are in steps. */
  #chunked = 0
  #requests = 0
  /** The step whose draw is waited for. */
  #open: GenerationStep | undefined
  #freeUntil = 0
  /** Steps in a row for which nothing was guessed. */
  #quiet = 0
  #end: GenerationEnd | undefined
  #drafted = 0
  #accepted = 0

  constructor(init: GenerationInit) {
    this.#init = init
    this.#tokens = [...init.prompt]
  }

  /** Tokens that room is needed for: a last draw is not fed again. */
  get positionsMax(): number {
    return this.#init.prompt.length + this.#init.tokensMax
  }

  /** What was drawn so far, without a token that ended it. */
  get answer(): readonly number[] {
    return this.#tokens.slice(this.#init.prompt.length)
  }

  /** Tokens of it: each step asks, so that nothing is copied. */
  get #said(): number {
    return this.#tokens.length - this.#init.prompt.length
  }

  get end(): GenerationEnd | undefined {
    return this.#end
  }

  /** Steps below this one hold the token that was drawn before, and nothing that is guessed. */
  get freeUntil(): number {
    return this.#freeUntil
  }

  /** Drafts that were made, and those of them that were right. */
  get drafts(): { readonly made: number; readonly right: number } {
    return { made: this.#drafted, right: this.#accepted }
  }

  /** The next chunk of the prompt; undefined when all of it is under way. */
  nextChunk(): GenerationStep | undefined {
    const { prompt, chunkRowsMax } = this.#init
    const position = this.#chunked
    if (position >= prompt.length) return undefined
    const tokens = prompt.slice(position, position + chunkRowsMax)
    this.#chunked = position + tokens.length
    const last = this.#chunked === prompt.length
    const rows = { position, drawFrom: last ? tokens.length - 1 : tokens.length, tokens }
    const step = { request: this.#requests++, rows }
    if (last) {
      this.#open = step
      if (this.#init.propose === undefined) this.#free(this.#init.tokensMax - 1)
    }
    return step
  }

  /**
   * Takes what was drawn behind a step.
   *
   * @returns The tokens that are new, without one that ends the text; undefined when nothing was to
   * be drawn there, or when it cannot be what the stages drew.
   */
  take(request: number, drawn: readonly DrawnToken[]): readonly DrawnToken[] | undefined {
    const step = this.#open
    if (step === undefined || step.request !== request) return undefined
    if (!mayBeDrawn(step.rows, drawn)) return undefined
    this.#open = undefined
    this.#drafted += step.rows.tokens.length - step.rows.drawFrom - 1
    this.#accepted += drawn.length - 1
    const left = this.#init.tokensMax - this.#said
    const stop = drawn.findIndex(({ token }) => this.#init.stopTokens.has(token))
    const fresh = drawn.slice(0, Math.min(left, stop === -1 ? drawn.length : stop))
    for (const { token } of fresh) this.#tokens.push(token)
    if (stop !== -1 && stop <= left) this.#end = 'stop'
    else if (fresh.length === left) this.#end = 'length'
    return fresh
  }

  /** The step behind the last draw; undefined while one is open, or when the text has ended. */
  nextStep(): GenerationStep | undefined {
    const { prompt, tokensMax, propose } = this.#init
    const last = this.#tokens.at(-1)
    const drawnOnce = this.#tokens.length > prompt.length
    if (this.#open !== undefined || this.#end !== undefined || !drawnOnce || last === undefined) {
      return undefined
    }
    // A draft behind the last token that may come is of no use.
    const left = tokensMax - this.#said - 1
    const guessed = left > 0 && propose !== undefined ? propose(this.#tokens) : []
    const request = this.#requests++
    const drafts = request < this.#freeUntil ? [] : guessed.slice(0, left)
    this.#quiet = guessed.length === 0 ? this.#quiet + 1 : 0
    if (guessed.length === 0) this.#free(left)
    const rows = {
      position: this.#tokens.length - 1,
      drawFrom: 0,
      tokens: [last, ...drafts],
    }
    this.#open = { request, rows }
    return this.#open
  }

  /** Lets the ring run on, when half of what it was let run is done. `left`: steps that may follow. */
  #free(left: number): void {
    const { propose } = this.#init
    const ahead = Math.min(
      left,
      propose === undefined ? FREE_STEPS_MAX : this.#quiet,
      FREE_STEPS_MAX,
    )
    if (this.#freeUntil - this.#requests <= ahead / 2) {
      this.#freeUntil = Math.max(this.#freeUntil, this.#requests + ahead)
    }
  }
}
