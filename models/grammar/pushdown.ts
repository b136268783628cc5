/**
 * A grammar as a pushdown automaton over bytes: all ways of reading a text are followed at once.
 *
 * A state is a set of stacks; a stack holds where its innermost rule is, and where each rule that
 * waits for it goes on. Stacks share what is below their tops, and equal states are one object
 * that remembers where each byte leads, so that a byte that was met before costs one look-up.
 *
 * @module
 */

import {
  PUSHDOWN_DEPTH_MAX,
  PUSHDOWN_REACHED_MAX,
  PUSHDOWN_STACKS_KEPT_MAX,
  PUSHDOWN_STACKS_MAX,
  PUSHDOWN_STATES_MAX,
} from '../limits.ts'
import { Automaton, byteClasses, classCount, mergedClasses } from './automaton.ts'
import { checkRules } from './check-rules.ts'
import { callsOf, type Expression, type Grammar } from './expression.ts'
import type { Lexical, LexicalState } from './lexical.ts'

/** One way of reading: the innermost rule on top. */
export interface Stack {
  readonly id: number
  /** Where it is: a state of a lexical rule, or a position of another. */
  readonly top: LexicalState | number
  /** What waits below; undefined under the root. */
  readonly below: Stack | undefined
  readonly depth: number
  /** Stacks that stand on this one, by their top. */
  readonly above: Map<LexicalState | number, Stack>
}

/** All that may be going on after a text. */
export interface PushdownState {
  readonly stacks: readonly Stack[]
  /** Whether the text is whole. */
  readonly complete: boolean
  /** By class of byte: the next state, null where there is none, undefined where it is not known yet. */
  next: (PushdownState | null | undefined)[]
  /** By class of byte: what making the step took. */
  readonly costs: Uint32Array
  /** By class of byte: the mask for which this step was counted last. */
  readonly counted: Uint32Array
}

interface Rule {
  /** Set where the rule calls no other. */
  readonly lexical: Lexical | undefined
  readonly start: number
  readonly end: number
}

/** Stacks that are reached at a byte. */
class Reached {
  readonly stacks = new Set<Stack>()
  complete = false
  /** Ways that were gone through. */
  work = 0
  /** Whether they were too many: which of them were found first depends on the texts before. */
  get crowded(): boolean {
    return this.stacks.size > PUSHDOWN_REACHED_MAX
  }
}

/** The automaton of one grammar. */
export class Pushdown {
  readonly start: PushdownState
  readonly #automaton = new Automaton()
  readonly #rules: readonly Rule[]
  readonly #ends = new Set<number>()
  /** By byte; see {@link byteClasses}. */
  readonly classes: Uint8Array
  readonly #ground: Stack['above'] = new Map()
  readonly #states = new Map<string, PushdownState>()
  #stacks = 0
  /** Stacks that there were when all were let go of. */
  #forgotten = 0

  /**
   * Refuses, inside an attempt, what cannot be followed.
   *
   * @param lexicalOf - The automaton of a rule that calls no other.
   */
  constructor(grammar: Grammar, lexicalOf: (expression: Expression) => Lexical) {
    checkRules(grammar)
    this.#rules = grammar.rules.map((rule) => this.#laid(rule, lexicalOf))
    this.classes = mergedClasses([
      byteClasses(this.#automaton.positions),
      ...this.#rules.flatMap(({ lexical }) => (lexical === undefined ? [] : [lexical.classes])),
    ])
    const reached = new Reached()
    this.#call(grammar.root, undefined, reached)
    this.start = this.#state(reached)
  }

  /** The state after `byte`; null where the grammar has no text like that. */
  step(state: PushdownState, byte: number): PushdownState | null {
    const known = state.next[this.classes[byte] as number]
    return known === undefined ? this.#make(state, byte) : known
  }

  /** The state of some of the stacks of another. */
  stateOf(stacks: readonly Stack[]): PushdownState {
    const reached = new Reached()
    for (const { top, below } of stacks) reached.stacks.add(this.#stack(top, below))
    return this.#state(reached)
  }

  /** What goes on once the lexical rules on top of `stacks` have ended. */
  after(stacks: readonly Stack[]): PushdownState {
    const reached = new Reached()
    for (const { below } of stacks) this.#return(below, reached)
    return this.#state(reached)
  }

  #laid(rule: Expression, lexicalOf: (expression: Expression) => Lexical): Rule {
    if (callsOf(rule).length === 0) return { lexical: lexicalOf(rule), start: 0, end: 0 }
    const start = this.#automaton.add()
    const end = this.#automaton.add()
    this.#automaton.lay(rule, start, end)
    this.#ends.add(end)
    return { lexical: undefined, start, end }
  }

  #make(state: PushdownState, byte: number): PushdownState | null {
    const reached = new Reached()
    for (const { top, below } of state.stacks) {
      if (typeof top !== 'number') {
        const next = top.lexical.step(top, byte)
        if (next !== null) this.#enter(next, below, reached)
        continue
      }
      for (const { low, high, to } of this.#automaton.at(top).bytes) {
        if (low <= byte && byte <= high) this.#visit(to, below, reached)
      }
    }
    const found = this.#state(reached)
    const next = found.stacks.length === 0 && !found.complete ? null : found
    const byteClass = this.classes[byte] as number
    state.next[byteClass] = next
    state.costs[byteClass] = state.stacks.length + reached.work
    return next
  }

  #call(rule: number, below: Stack | undefined, reached: Reached): void {
    const called = this.#rules[rule]
    if (called === undefined) return
    if (called.lexical === undefined) this.#visit(called.start, below, reached)
    else this.#enter(called.lexical.start, below, reached)
  }

  #enter(state: LexicalState, below: Stack | undefined, reached: Reached): void {
    if (state.open) reached.stacks.add(this.#stack(state, below))
    if (state.final) this.#return(below, reached)
  }

  #return(below: Stack | undefined, reached: Reached): void {
    if (below === undefined) reached.complete = true
    // Only positions wait: a lexical rule calls no other.
    else if (typeof below.top === 'number') this.#visit(below.top, below.below, reached)
  }

  /** Adds where `position` leads, or what waits for its rule when that has ended. */
  #visit(position: number, below: Stack | undefined, reached: Reached): void {
    let at = position
    let rest = below
    while (this.#ends.has(at)) {
      if (rest === undefined) {
        reached.complete = true
        return
      }
      at = rest.top as number
      rest = rest.below
    }
    const stack = this.#stack(at, rest)
    if (stack.depth <= PUSHDOWN_DEPTH_MAX) reached.stacks.add(stack)
  }

  /** Follows all that leads on without reading. */
  #follow(reached: Reached): void {
    // A set hands out what is added to it while it is gone through.
    for (const { top, below } of reached.stacks) {
      if (reached.crowded) return
      if (typeof top !== 'number') continue
      const { calls, free } = this.#automaton.at(top)
      reached.work += 1 + free.length + calls.length
      for (const to of free) this.#visit(to, below, reached)
      for (const { rule, to } of calls) {
        // A rule that has nothing left to do does not wait: lists that end in themselves stay flat.
        this.#call(rule, this.#ends.has(to) ? below : this.#stack(to, below), reached)
      }
    }
  }

  #reads({ top }: Stack): boolean {
    return typeof top !== 'number' || this.#automaton.at(top).bytes.length > 0
  }

  #stack(top: LexicalState | number, below: Stack | undefined): Stack {
    const siblings = below?.above ?? this.#ground
    const known = siblings.get(top)
    if (known !== undefined) return known
    const depth = (below?.depth ?? 0) + 1
    const stack: Stack = { id: this.#stacks++, top, below, depth, above: new Map() }
    siblings.set(top, stack)
    return stack
  }

  #state(reached: Reached): PushdownState {
    this.#follow(reached)
    const reading = [...reached.stacks].filter((stack) => this.#reads(stack))
    const crowded = reached.crowded || reading.length > PUSHDOWN_STACKS_MAX
    const complete = reached.complete && !crowded
    const kept = crowded ? [] : reading.toSorted((a, b) => a.id - b.id)
    const key = `${kept.map(({ id }) => id).join(' ')}${complete ? '.' : ''}`
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const manyStacks = this.#stacks - this.#forgotten > PUSHDOWN_STACKS_KEPT_MAX
    if (manyStacks || this.#states.size >= PUSHDOWN_STATES_MAX) this.#forget()
    const next = this.#unknown()
    const [costs, counted] = [new Uint32Array(next.length), new Uint32Array(next.length)]
    const state: PushdownState = { stacks: kept, complete, next, costs, counted }
    this.#states.set(key, state)
    return state
  }

  /** Lets go of all states and stacks but those that a text stands at. */
  #forget(): void {
    const cleared = new Set<Stack>()
    for (const state of this.#states.values()) {
      state.next = this.#unknown()
      for (let { below } of state.stacks) {
        for (; below !== undefined && !cleared.has(below); below = below.below) {
          cleared.add(below)
          below.above.clear()
        }
      }
    }
    this.#states.clear()
    this.#ground.clear()
    this.#forgotten = this.#stacks
  }

  #unknown(): undefined[] {
    return Array.from({ length: classCount(this.classes) }, () => undefined)
  }
}
