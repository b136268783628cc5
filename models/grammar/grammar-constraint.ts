/**
 * Guides one text through a grammar.
 *
 * The state after each token is kept, so that the text can be cut back at once; a constraint that
 * is given the same tokens again is in the same state.
 *
 * @module
 */

import type { TokenConstraint, TokenMask } from '../sampling/token-constraint.ts'
import type { CompiledGrammar } from './compiled-grammar.ts'
import type { PushdownState } from './pushdown.ts'

/** Nothing may come after a stop token. */
const ENDED: PushdownState = { stacks: [], complete: false, next: [] }

/** Made by {@link CompiledGrammar.constraint}. */
export class GrammarConstraint implements TokenConstraint {
  readonly #grammar: CompiledGrammar
  readonly #stops: ReadonlySet<number>
  readonly #mask: TokenMask
  readonly #states: PushdownState[]

  constructor(grammar: CompiledGrammar, stopTokens: readonly number[]) {
    const { size } = grammar.vocabulary.trie
    this.#grammar = grammar
    this.#stops = new Set(stopTokens.filter((token) => token < size))
    this.#mask = new Uint32Array(Math.ceil(size / 32))
    this.#states = [grammar.pushdown.start]
  }

  get length(): number {
    return this.#states.length - 1
  }

  /** Whether the text so far belongs to the grammar. */
  get complete(): boolean {
    return this.#state.complete
  }

  allowed(): TokenMask {
    const state = this.#state
    const mask = this.#mask
    mask.set(this.#grammar.allowed(state))
    for (const token of this.#stops) {
      const bit = 1 << (token & 31)
      const others = (mask[token >>> 5] as number) & ~bit
      mask[token >>> 5] = state.complete ? others | bit : others
    }
    return mask
  }

  append(token: number): boolean {
    const next = this.#stops.has(token) ? this.#stopped() : this.#read(token)
    if (next === null) return false
    this.#states.push(next)
    return true
  }

  truncate(length: number): void {
    this.#states.length = Math.min(this.#states.length, Math.max(0, length) + 1)
  }

  get #state(): PushdownState {
    return this.#states.at(-1) ?? ENDED
  }

  #stopped(): PushdownState | null {
    return this.complete ? ENDED : null
  }

  #read(token: number): PushdownState | null {
    const { pushdown, vocabulary } = this.#grammar
    const bytes = vocabulary.textOf(token)
    if (bytes === undefined) return null
    let state: PushdownState | null = this.#state
    for (const byte of bytes) {
      if (state === null) return null
      state = pushdown.step(state, byte)
    }
    return state
  }
}
