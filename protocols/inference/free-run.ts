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
import { FREE_STEPS_MAX } from './limits.ts'
import { mayBeDrawn, stepBehind, type DrawnToken, type TextRows } from './text-rows.ts'

export interface FreeRunInit {
  /** Tokens that end the text. */
  readonly stopTokens: readonly number[]
  /** Tokens that the session has room for; the last one that is drawn is not fed again. */
  readonly positionsMax: number
}

/** Draws that are kept for steps which have not come: more than a ring makes ahead. */
const DRAWS_MAX = 4 * FREE_STEPS_MAX

type Draw = readonly Pick<DrawnToken, 'token'>[]

export class FreeRun {
  readonly #stopTokens: ReadonlySet<number>
  readonly #positionsMax: number
  #until = 0
  #step: GenerationStep | undefined
  /** What was drawn behind the last step here, and behind steps that are yet to come. */
  readonly #drawn = new Map<number, Draw>()

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
    for (const before of this.#drawn.keys()) if (before < request) this.#drawn.delete(before)
  }

  /** The last stage drew `tokens` behind a step. */
  drew(request: number, tokens: Draw): void {
    if (request < (this.#step?.request ?? 0) || this.#drawn.size >= DRAWS_MAX) return
    this.#drawn.set(request, tokens)
  }

  /** The step that is to be made now; undefined when one is lacking a draw or a grant. */
  next(): GenerationStep | undefined {
    const step = this.#step
    const drawn = step === undefined ? undefined : this.#drawn.get(step.request)
    if (step === undefined || drawn === undefined) return undefined
    const request = step.request + 1
    if (request >= this.#until || !mayBeDrawn(step.rows, drawn)) return undefined
    if (drawn.some(({ token }) => this.#stopTokens.has(token))) return undefined
    const rows = stepBehind(step.rows, drawn)
    const fits = rows !== undefined && rows.position + 1 < this.#positionsMax
    return fits ? { request, rows } : undefined
  }
}
