/**
 * The steps of a text that its first stage makes by itself.
 *
 * The last stage sends what it draws to the first one as well, and the requester says up to which
 * request a step holds nothing but the token that was drawn before it: then the ring needs no word
 * of the requester. Both make the same step of the same draw, so that one which comes twice, or
 * comes from the other of them, changes nothing.
 *
 * What is drawn, what is granted and what was run come on three ways in any order.
 *
 * @module
 */

import type { GenerationStep } from './generation.ts'
import { mayBeDrawn, stepBehind, type DrawnToken, type TextRows } from './text-rows.ts'

export interface FreeRunInit {
  /** Tokens that end the text. */
  readonly stopTokens: readonly number[]
  /** Tokens that the session has room for; the last one that is drawn is not fed again. */
  readonly positionsMax: number
}

type Draw = readonly Pick<DrawnToken, 'token'>[]

export class FreeRun {
  readonly #stopTokens: ReadonlySet<number>
  readonly #positionsMax: number
  #until = 0
  #step: GenerationStep | undefined
  #drawn: { readonly request: number; readonly tokens: Draw } | undefined

  constructor({ stopTokens, positionsMax }: FreeRunInit) {
    this.#stopTokens = new Set(stopTokens)
    this.#positionsMax = positionsMax
  }

  /** Steps below `until` may be made here. */
  grant(until: number): void {
    this.#until = Math.max(this.#until, until)
  }

  /** A step has its place in the text. */
  took(request: number, rows: TextRows): void {
    this.#step = { request, rows }
  }

  /** The last stage drew `tokens` behind a step. */
  drew(request: number, tokens: Draw): void {
    if (this.#drawn === undefined || request > this.#drawn.request) {
      this.#drawn = { request, tokens }
    }
  }

  /** The step that is to be made now; undefined when one is lacking a draw or a grant. */
  next(): GenerationStep | undefined {
    const [step, drawn] = [this.#step, this.#drawn]
    if (step === undefined || drawn?.request !== step.request) return undefined
    const request = step.request + 1
    if (request >= this.#until || !mayBeDrawn(step.rows, drawn.tokens)) return undefined
    if (drawn.tokens.some(({ token }) => this.#stopTokens.has(token))) return undefined
    const rows = stepBehind(step.rows, drawn.tokens)
    const fits = rows !== undefined && rows.position + 1 < this.#positionsMax
    return fits ? { request, rows } : undefined
  }
}
