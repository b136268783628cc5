/**
 * A rule that calls no other, such as a string or a number: a deterministic automaton that is made as it is needed.
 *
 * What such a rule does with a token depends on nothing outside of it until it ends. That is what
 * makes masks cheap: see token-masks.ts.
 *
 * @module
 */

import { LEXICAL_STATES_MAX } from '../limits.ts'
import { Automaton, byteClasses, classCount } from './automaton.ts'
import type { Expression } from './expression.ts'

/** Where a lexical rule is. */
export interface LexicalState {
  readonly lexical: Lexical
  readonly positions: readonly number[]
  /** Whether what was read is whole. */
  readonly final: boolean
  /** Whether more may be read. */
  readonly open: boolean
  /** By class of byte: the next state, null where there is none, undefined where it is not known yet. */
  next: (LexicalState | null | undefined)[]
}

/** The automaton of one lexical rule. */
export class Lexical {
  readonly start: LexicalState
  /** Positions that were gone through so far: what this automaton has cost. */
  steps = 0
  /** By byte; see {@link byteClasses}. */
  readonly classes: Uint8Array
  readonly #automaton = new Automaton()
  readonly #end: number
  readonly #states = new Map<string, LexicalState>()

  /** @param expression - Calls no rule. */
  constructor(expression: Expression) {
    const start = this.#automaton.add()
    this.#end = this.#automaton.add()
    this.#automaton.lay(expression, start, this.#end)
    this.classes = byteClasses(this.#automaton.positions)
    this.start = this.#state([start])
  }

  /** The state after `byte`; null where the rule has no text like that. */
  step(state: LexicalState, byte: number): LexicalState | null {
    const known = state.next[this.classes[byte] as number]
    return known === undefined ? this.#make(state, byte) : known
  }

  #make(state: LexicalState, byte: number): LexicalState | null {
    this.steps += state.positions.length
    const reached = state.positions.flatMap((position) =>
      this.#automaton
        .at(position)
        .bytes.filter(({ low, high }) => low <= byte && byte <= high)
        .map(({ to }) => to),
    )
    const next = reached.length === 0 ? null : this.#state(reached)
    state.next[this.classes[byte] as number] = next
    return next
  }

  /** The one state of all positions that are reached from some without reading. */
  #state(from: readonly number[]): LexicalState {
    const reached = new Set(from)
    // A set hands out what is added to it while it is gone through.
    for (const position of reached) {
      for (const free of this.#automaton.at(position).free) reached.add(free)
    }
    const reading = [...reached].filter((at) => this.#automaton.at(at).bytes.length > 0)
    const positions = reading.toSorted((a, b) => a - b)
    const final = reached.has(this.#end)
    const key = `${positions.join(' ')}${final ? '.' : ''}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const open = positions.length > 0
    const state: LexicalState = { lexical: this, positions, final, open, next: this.#unknown() }
    if (this.#states.size >= LEXICAL_STATES_MAX) this.#forget()
    this.#states.set(key, state)
    return state
  }

  /** Lets go of all states but those that a text stands at. */
  #forget(): void {
    for (const state of this.#states.values()) state.next = this.#unknown()
    this.#states.clear()
  }

  #unknown(): undefined[] {
    return Array.from({ length: classCount(this.classes) }, () => undefined)
  }
}
