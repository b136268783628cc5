/**
 * A rule that calls no other, such as a string or a number: a deterministic automaton that is made as it is needed.
 *
 * What such a rule does with a token depends on nothing outside of it until it ends. That is what
 * makes masks cheap: see token-masks.ts.
 *
 * @module
 */

import { LEXICAL_POSITIONS_KEPT_MAX, LEXICAL_POSITIONS_MAX, LEXICAL_STATES_MAX } from '../limits.ts'
import { refuse } from '../refuse.ts'
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
  /** By class of byte: what making the step took. */
  readonly costs: Uint32Array
  /** By class of byte: the mask for which this step was counted last. */
  readonly counted: Uint32Array
}

/** The automaton of one lexical rule. */
export class Lexical {
  readonly start: LexicalState
  /** By byte; see {@link byteClasses}. */
  readonly classes: Uint8Array
  readonly #automaton = new Automaton()
  readonly #end: number
  readonly #states = new Map<string, LexicalState>()
  /** Positions of those states. */
  #kept = 0

  /** Refuses, inside an attempt, what has too many places to be at. @param expression - Calls no rule. */
  constructor(expression: Expression) {
    const start = this.#automaton.add()
    this.#end = this.#automaton.add()
    this.#automaton.lay(expression, start, this.#end)
    this.classes = byteClasses(this.#automaton.positions)
    this.start =
      this.#state([start]) ?? refuse('GRAMMAR_LIMIT', 'expected a grammar with fewer alternatives')
  }

  /** The state after `byte`; null where the rule has no text like that. */
  step(state: LexicalState, byte: number): LexicalState | null {
    const known = state.next[this.classes[byte] as number]
    return known === undefined ? this.#make(state, byte) : known
  }

  #make(state: LexicalState, byte: number): LexicalState | null {
    const reached = state.positions.flatMap((position) =>
      this.#automaton
        .at(position)
        .bytes.filter(({ low, high }) => low <= byte && byte <= high)
        .map(({ to }) => to),
    )
    const next = reached.length === 0 ? null : this.#state(reached)
    const byteClass = this.classes[byte] as number
    state.next[byteClass] = next
    state.costs[byteClass] = state.positions.length + reached.length
    return next
  }

  /** The one state of all positions that are reached from some without reading. */
  #state(from: readonly number[]): LexicalState | null {
    const reached = new Set(from)
    // A set hands out what is added to it while it is gone through.
    for (const position of reached) {
      for (const free of this.#automaton.at(position).free) reached.add(free)
      // A free position leads on to one that reads: there are not many more of them.
      if (reached.size > 4 * LEXICAL_POSITIONS_MAX) return null
    }
    const reading = [...reached].filter((at) => this.#automaton.at(at).bytes.length > 0)
    if (reading.length > LEXICAL_POSITIONS_MAX) return null
    const positions = reading.toSorted((a, b) => a - b)
    const final = reached.has(this.#end)
    const key = `${positions.join(' ')}${final ? '.' : ''}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const open = positions.length > 0
    const next = this.#unknown()
    const [costs, counted] = [new Uint32Array(next.length), new Uint32Array(next.length)]
    const state: LexicalState = { lexical: this, positions, final, open, next, costs, counted }
    const crowded = this.#kept > LEXICAL_POSITIONS_KEPT_MAX
    if (crowded || this.#states.size >= LEXICAL_STATES_MAX) this.#forget()
    this.#kept += positions.length
    this.#states.set(key, state)
    return state
  }

  /** Lets go of all states but those that a text stands at. */
  #forget(): void {
    for (const state of this.#states.values()) state.next = this.#unknown()
    this.#states.clear()
    this.#kept = 0
  }

  #unknown(): undefined[] {
    return Array.from({ length: classCount(this.classes) }, () => undefined)
  }
}
