/**
 * Guides one text through a grammar.
 *
 * The states after the last tokens are kept, so that drafts can be taken back at once; a constraint
 * that is given the same tokens again is in the same state.
 *
 * @module
 */

import { CONSTRAINT_STATES_MAX } from '../limits.ts'
import type { TokenConstraint, TokenMask } from '../sampling/token-constraint.ts'
import type { CompiledGrammar } from './compiled-grammar.ts'
import type { PushdownState } from './pushdown.ts'

/** Nothing may come after a stop token. */
const ENDED: PushdownState = {
  stacks: [],
  complete: false,
  next: [],
  costs: new Uint32Array(0),
  counted: new Uint32Array(0),
}

/** Made by {@link CompiledGrammar.constraint}. */
export class GrammarConstraint implements TokenConstraint {
  readonly #grammar: CompiledGrammar
  readonly #stops: ReadonlySet<number>
  readonly #mask: TokenMask
  readonly #tokens: number[] = []
  /** After the last tokens, and before them. */
  #states: PushdownState[]

  constructor(grammar: CompiledGrammar, stopTokens: readonly number[]) {
    const { size } = grammar.vocabulary.trie
    this.#grammar = grammar
    this.#stops = new Set(stopTokens.filter((token) => token < size))
    this.#mask = new Uint32Array(Math.ceil(size / 32))
    this.#states = [grammar.pushdown.start]
  }

  get length(): number {
    return this.#tokens.length
  }

  /** Whether the text so far belongs to the grammar. */
  get complete(): boolean {
    return this.#state.complete
  }

  allowed(): TokenMask {
    const state = this.#state
    const mask = this.#mask
    const allowed = this.#grammar.allowed(state)
    if (allowed === undefined) return mask.fill(0)
    mask.set(allowed)
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
    this.#tokens.push(token)
    this.#states.push(next)
    if (this.#states.length > CONSTRAINT_STATES_MAX) this.#states.shift()
    return true
  }

  truncate(length: number): void {
    const back = this.#tokens.length - Math.max(0, length)
    if (back <= 0) return
    this.#tokens.length -= back
    if (back < this.#states.length) {
      this.#states.length -= back
      return
    }
    this.#states = [this.#grammar.pushdown.start]
    for (const token of this.#tokens.splice(0)) this.append(token)
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
